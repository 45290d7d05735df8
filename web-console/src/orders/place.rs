//! `POST /console/api/orders`: places an order on the public API.

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::live::Live;
use crate::system::System;

/// The header by which the API keeps a repeated request one order.
pub(crate) const KEY_HEADER: &str = "idempotency-key";

/// An order as the form made it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Placement {
    /// The body of the request, unchanged: the API judges it.
    order: Value,
    idempotency_key: Option<String>,
}

/// Sends the order to the API, and answers `{"status", "body"}` with what the API answered. The API decides what is valid.
pub(crate) async fn place(
    State(system): State<System>,
    State(live): State<Live>,
    Json(placement): Json<Placement>,
) -> Result<Json<Value>, Failure> {
    let connection = system.connection()?;
    let api = connection.api().await?;
    let mut request = api.post("/orders").json(&placement.order);
    if let Some(key) = &placement.idempotency_key {
        let key = reqwest::header::HeaderValue::from_str(key).map_err(|_| {
            Failure::bad_request("Idempotency-Key: must be 1 to 255 visible ASCII characters")
        })?;
        request = request.header(KEY_HEADER, key);
    }
    let answer = api
        .send(request)
        .await
        .map_err(anyhow::Error::from)
        .context("the API does not answer")?;
    let status = answer.status().as_u16();
    let bytes = answer
        .bytes()
        .await
        .context("the answer of the API was cut off")?;
    let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    live.look_now();
    Ok(Json(json!({ "status": status, "body": body })))
}
