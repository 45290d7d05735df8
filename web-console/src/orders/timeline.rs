//! `GET /console/api/orders/ID`: one order, and what happened to it.

use anyhow::Context;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::failure::Failure;
use crate::function_logs;
use crate::letters::Letters;
use crate::live::Live;
use crate::mask;
use crate::system::System;

/// Answers `{"order_id", "stage", "steps", "attempts", "letter", "order"}`.
///
/// - `stage`: `notified`, `cancelled`, `confirmed`, `dead_letter`, `accepted`, or `null`: neither stored nor given up, or unknown.
/// - `steps`: each with `name`, `at` and `note`; `at` is `null` if it did not happen yet, or has no recorded time.
/// - `attempts`: what the logs of the functions say about it, oldest first; on this machine only.
/// - `letter`: its dead letter, as `dlq show` describes it, if it is not stored.
/// - `order`: the API's order without personal data. Before it is stored, its id, status and time alone.
pub(crate) async fn show(
    State(system): State<System>,
    State(live): State<Live>,
    State(letters): State<Letters>,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Failure> {
    let id = id.to_string();
    let order = fetch(&system, &id).await?;
    let attempts = function_logs::about(&system, &id).await;
    let is_stored = order
        .as_ref()
        .is_some_and(|order| order["confirmed_at"].is_string());
    let letter = if !is_stored && live.may_have_letters() {
        letters.show(&system, &id, false).await?
    } else {
        None
    };
    let stage = match (&order, &letter) {
        (_, Some(_)) => "dead_letter".into(),
        (Some(order), None) => order["status"].clone(),
        (None, None) => Value::Null,
    };
    Ok(Json(json!({
        "order_id": id,
        "stage": stage,
        "steps": steps(order.as_ref(), &attempts),
        "attempts": attempts,
        "letter": letter,
        "order": order.map(|order| mask::document(&order)),
    })))
}

/// `GET /console/api/orders/ID/stage`: how far an order has come, `{"stage"}`, without reading logs and dead letters.
pub(crate) async fn stage(
    State(system): State<System>,
    Path(id): Path<Uuid>,
) -> Result<Json<Value>, Failure> {
    let order = fetch(&system, &id.to_string()).await?;
    Ok(Json(
        json!({ "stage": order.map(|order| order["status"].clone()) }),
    ))
}

/// Reads an order from the API, unmasked. Before it is stored, it has only an id, a status and a time. `None` if the API knows none.
pub(crate) async fn fetch(system: &System, id: &str) -> Result<Option<Value>, Failure> {
    let api = system.connection()?.api().await?;
    let answer = api
        .send(api.get(&format!("/orders/{id}")))
        .await
        .map_err(anyhow::Error::from)
        .context("the API does not answer")?;
    let status = answer.status();
    let body = answer
        .bytes()
        .await
        .context("the answer of the API was cut off")?;
    if status == reqwest::StatusCode::NOT_FOUND {
        return Ok(None);
    }
    if !matches!(status, reqwest::StatusCode::OK | reqwest::StatusCode::ACCEPTED) {
        return Err(anyhow::anyhow!("{}", stack_client::problem::format_problem(status, &body)).into());
    }
    let order = serde_json::from_slice(&body).context("the answer of the API is not JSON")?;
    Ok(Some(order))
}

/// The way of the order. The row has three times; the publish has none of its own, and follows the row at once.
fn steps(order: Option<&Value>, attempts: &[Value]) -> Vec<Value> {
    let time = |name: &str| order.map_or(Value::Null, |order| order[name].clone());
    let answered = attempts
        .iter()
        .find(|attempt| attempt["service"] == "order-api")
        .map_or(Value::Null, |attempt| attempt["at"].clone());
    let accepted = match time("accepted_at") {
        Value::Null => answered,
        at => at,
    };
    let is_notified = !time("notified_at").is_null();
    let cancelled = time("cancelled_at");
    let mut steps = vec![
        json!({ "name": "accepted", "at": accepted, "done": !accepted.is_null(), "note": "answered with 202" }),
        json!({ "name": "queued", "at": accepted, "done": !accepted.is_null(), "note": "in the queue orders" }),
        json!({ "name": "confirmed", "at": time("confirmed_at"), "done": !time("confirmed_at").is_null(), "note": "stored as a row" }),
        json!({ "name": "published", "at": null, "done": is_notified, "note": "the event has no time of its own" }),
        json!({ "name": "notified", "at": time("notified_at"), "done": is_notified, "note": "the shop has its email" }),
    ];
    if !cancelled.is_null() {
        // A cancelled order gets no email that it is confirmed.
        steps.retain(|step| step["done"] == true);
        steps.push(json!({ "name": "cancelled", "at": cancelled, "done": true, "note": "the row says so" }));
    }
    steps
}
