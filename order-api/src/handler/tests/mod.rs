//! The API with fakes behind its ports: the client's answers, and the messages in the queue.

mod browsers;
mod cancelling;
mod claim_law;
mod claiming;
mod contract;
mod error_responses;
mod fakes;
mod listing;
mod placing;
mod placing_batches;
mod reading;

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use order_core::Timestamp;
use order_table::Tombstone;
use serde_json::{Value, json};

use super::*;
use fakes::{Claims, Fault, Queue, Table};
use rest_function::AllowedOrigins;

const NEW_ID: &str = "01a207bd-a9c0-7eeb-be96-e59ce40f9cb1";

/// An API whose clock and ids never change.
fn api(queue: Queue, table: Table) -> OrderApi<Queue, Table, Claims> {
    OrderApi {
        queue,
        table,
        claims: Claims::default(),
        settings: Settings {
            // A lookup is polled once before its timeout is: one that answers at once is in time, one that hangs is not.
            key_lookup_time: Duration::ZERO,
            ..Settings::new(AllowedOrigins::These(Vec::new()))
        },
        now: || {
            "2026-11-23T09:30:00.250Z"
                .parse::<Timestamp>()
                .unwrap()
                .as_offset_date_time()
        },
        new_id: || Uuid::from_u128(0x01a2_07bd_a9c0_7eeb_be96_e59c_e40f_9cb1),
    }
}

/// A table with the tombstone of this order alone.
fn erased(order_id: &str) -> Table {
    Table::erased(Tombstone {
        order_id: order_id.parse().unwrap(),
        erased_at: "2026-11-29T12:00:00.000Z".parse().unwrap(),
        erasing: None,
    })
}

impl OrderApi<Queue, Table, Claims> {
    /// The answer, with enough time for one that waits for nothing: nobody waits for an answer that hangs.
    async fn answer_to(&self, event: Value) -> ApiGatewayProxyResponse {
        self.handle(&event.to_string(), Duration::from_secs(10)).await
    }
}

/// The sample event, with values changed at JSON pointers.
fn event(sample: &str, changes: &Value) -> Value {
    let mut event: Value = serde_json::from_str(sample).unwrap();
    for (pointer, value) in changes.as_object().unwrap() {
        *event.pointer_mut(pointer).unwrap() = value.clone();
    }
    event
}

fn post(changes: &Value) -> Value {
    event(include_str!("../../../../events/order-api-post.json"), changes)
}

fn get(changes: &Value) -> Value {
    event(include_str!("../../../../events/order-api-get.json"), changes)
}

/// A request to cancel an order.
fn cancel(id: &str) -> Value {
    let mut event = post(&json!({"/body": ""}));
    event["path"] = json!(format!("/orders/{id}/cancel"));
    event["requestContext"]["path"] = json!(format!("/prod/orders/{id}/cancel"));
    event
}

/// Headers without an idempotency key.
fn without_key() -> Value {
    json!({"/headers": {"Content-Type": "application/json"}, "/multiValueHeaders": null})
}

fn body(response: &ApiGatewayProxyResponse) -> &str {
    match &response.body {
        Some(Body::Text(text)) => text,
        _ => "",
    }
}

/// The answer as a client reads it, without the gateway's own headers such as `date`.
fn shown(response: &ApiGatewayProxyResponse) -> String {
    let mut headers: Vec<String> = response
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let body = serde_json::from_str(body(response)).map_or(String::new(), |body: Value| format!("{body:#}"));
    format!("{}\n{}\n{body}", response.status_code, headers.concat())
}
