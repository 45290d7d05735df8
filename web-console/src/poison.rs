//! `POST /console/api/poison`: a message that no worker can process.

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use stack_client::Resource;

use crate::failure::Failure;
use crate::live::Live;
use crate::system::System;

/// The body: no JSON, so that order-worker gives it up at the first receive.
const BODY: &str = "poison from the console: no JSON";

/// Sends a poison message to the queue `orders`, past the API, and answers with its `message_id`.
pub(crate) async fn send(
    State(system): State<System>,
    State(live): State<Live>,
) -> Result<Json<Value>, Failure> {
    let connection = system.connection()?;
    let url = connection.resource(Resource::OrdersQueueUrl).await?;
    let sqs = connection.sqs().await?;
    let sent = sqs.send_message().queue_url(url).message_body(BODY).send().await;
    let sent = sent.context("the queue refuses the message")?;
    live.look_now();
    Ok(Json(json!({ "message_id": sent.message_id })))
}
