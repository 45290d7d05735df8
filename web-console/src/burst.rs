//! `POST /console/api/burst`: many orders at once, each under a key of its own.

use std::time::Duration;

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use stack_client::Api;
use uuid::Uuid;

use crate::failure::Failure;
use crate::live::Live;
use crate::system::System;

/// The most orders of one burst.
const MAX_ORDERS: usize = 1000;
/// Orders in one batch request: the most that the API takes.
const BATCH: usize = 100;
/// Batch requests at a time.
const PARALLEL: usize = 4;
/// The most attempts to send one batch, and the pause after one that was throttled.
const MAX_ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burst {
    /// The order that is sent, each time as a new one.
    order: Value,
    count: usize,
}

/// Places the orders by `POST /orders/batch`, and answers `{"accepted", "refused"}`.
pub(crate) async fn send(
    State(system): State<System>,
    State(live): State<Live>,
    Json(burst): Json<Burst>,
) -> Result<Json<Value>, Failure> {
    if !(1..=MAX_ORDERS).contains(&burst.count) {
        return Err(Failure::bad_request(format!(
            "A burst has 1 to {MAX_ORDERS} orders."
        )));
    }
    let connection = system.connection()?;
    let api = connection.api().await?;
    let run = Uuid::new_v4().simple().to_string();
    let indices: Vec<usize> = (0..burst.count).collect();
    let batches = indices.chunks(BATCH).map(|chunk| {
        let entries: Vec<Value> = chunk
            .iter()
            .map(|index| json!({ "idempotency_key": format!("burst-{run}-{index}"), "order": burst.order }))
            .collect();
        let api = &api;
        async move { count_accepted(place(api, &json!({ "entries": entries })).await?).await }
    });
    let batches: Vec<_> = batches.collect();
    let answers: Vec<anyhow::Result<usize>> =
        stream::iter(batches).buffer_unordered(PARALLEL).collect().await;
    let accepted: usize = answers.into_iter().sum::<anyhow::Result<usize>>()?;
    live.look_now();
    Ok(Json(
        json!({ "accepted": accepted, "refused": burst.count - accepted }),
    ))
}

/// Sends a batch until the API's rate limit lets it through, or the attempts are used up. The limit of a stack on AWS is a few batches a
/// second.
async fn place(api: &Api, batch: &Value) -> anyhow::Result<reqwest::Response> {
    let mut attempts = MAX_ATTEMPTS;
    loop {
        let answer = api.send(api.post("/orders/batch").json(batch)).await?;
        attempts -= 1;
        if answer.status().as_u16() != 429 || attempts == 0 {
            return Ok(answer);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The number of entries that were answered with 202.
async fn count_accepted(answer: reqwest::Response) -> anyhow::Result<usize> {
    let status = answer.status();
    let body = answer
        .bytes()
        .await
        .context("the answer of the API was cut off")?;
    anyhow::ensure!(
        status.as_u16() == 207,
        "{}",
        stack_client::problem::format_problem(status, &body)
    );
    let body: Value = serde_json::from_slice(&body).context("the answer of the API cannot be read")?;
    let results = body["results"].as_array().cloned().unwrap_or_default();
    Ok(results.iter().filter(|result| result["status"] == 202).count())
}
