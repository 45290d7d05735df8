//! Counts the calls to AWS that 1,000 orders take: every HTTP request that the real adapters send.
//!
//! The server of this test answers as `DynamoDB` and SNS do without faults, and records each row and event, so that a call that
//! is saved by losing an order would show. One call per message for insert and publish would be 2,000 calls.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use order_core::{Order, OrderConfirmed, OrderId, OrderMessage, Timestamp};
use order_worker::Worker;
use serde_json::{Value, json};
use server::serve;
use time::OffsetDateTime;
use uuid::Uuid;

/// The requests that arrived.
#[derive(Debug, Default)]
struct Seen {
    /// Requests by operation.
    calls: BTreeMap<String, u32>,
    inserted: BTreeSet<String>,
    published: BTreeSet<String>,
}

type Shared = Arc<Mutex<Seen>>;

/// Answers any request.
async fn answer(State(seen): State<Shared>, headers: HeaderMap, body: Bytes) -> String {
    let mut seen = seen.lock().unwrap();
    if let Some(target) = headers.get("x-amz-target") {
        let operation = target.to_str().unwrap().to_owned();
        *seen.calls.entry(operation.clone()).or_default() += 1;
        assert_eq!(operation, "DynamoDB_20120810.BatchExecuteStatement");
        return insert(&mut seen, &serde_json::from_slice(&body).unwrap());
    }
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    *seen.calls.entry(form["Action"].clone()).or_default() += 1;
    assert_eq!(form["Action"], "PublishBatch");
    publish(&mut seen, &form)
}

fn insert(seen: &mut Seen, request: &Value) -> String {
    let statements = request["Statements"].as_array().unwrap();
    for statement in statements {
        let parameters = statement["Parameters"].as_array().unwrap().iter();
        let id = parameters
            .filter_map(|parameter| parameter["S"].as_str())
            .find(|text| text.parse::<OrderId>().is_ok());
        assert!(seen.inserted.insert(id.unwrap().to_owned()), "inserted twice");
    }
    json!({"Responses": vec![json!({"TableName": "orders"}); statements.len()]}).to_string()
}

fn publish(seen: &mut Seen, form: &BTreeMap<String, String>) -> String {
    let mut entries = String::new();
    for (name, value) in form {
        if name.ends_with(".Message") {
            let event = OrderConfirmed::from_json(value).unwrap();
            assert!(
                seen.published.insert(event.order_id.to_string()),
                "published twice"
            );
        } else if name.ends_with(".Id") {
            entries.push_str("<member><MessageId>m</MessageId><Id>");
            entries.push_str(value);
            entries.push_str("</Id></member>");
        }
    }
    format!(
        r#"<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed/><Successful>{entries}</Successful></PublishBatchResult></PublishBatchResponse>"#
    )
}

fn message(number: u128) -> String {
    let order = Order::restore(&json!({
        "customer": {"id": "c-1", "name": "Ada Example"}, "currency": "EUR",
        "items": [{"sku": "MUG-01", "quantity": 2, "unit_price": "12.50"}, {"sku": "TEA-07", "quantity": 1, "unit_price": "4.95"}],
    }));
    let id = OrderId::new(Uuid::from_u128(number));
    let accepted_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
    OrderMessage::new(id, accepted_at, order.unwrap()).to_json()
}

/// The calls that 1,000 orders take in batches of `size`.
async fn calls(size: usize) -> BTreeMap<String, u32> {
    let seen = Shared::default();
    let (ports, _server) = serve(Router::new().fallback(answer).with_state(seen.clone())).await;
    let worker = Worker::new(ports, aws::retries(), 1);
    let numbers: Vec<u128> = (0..1000).collect();
    for batch in numbers.chunks(size) {
        let record = |number: &u128| {
            json!({
                "messageId": format!("m{number}"), "receiptHandle": "r", "body": message(*number),
                "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {},
            })
        };
        let event = json!({"Records": batch.iter().map(record).collect::<Vec<_>>()});
        let response = worker
            .handle(&event.to_string(), Duration::from_mins(5))
            .await
            .unwrap();
        assert!(response.batch_item_failures.is_empty());
    }
    let seen = seen.lock().unwrap();
    assert_eq!((seen.inserted.len(), seen.published.len()), (1000, 1000));
    seen.calls.clone()
}

#[tokio::test]
async fn a_thousand_orders_in_batches_of_10_take_200_calls_at_most() {
    let calls = calls(10).await;
    assert!(calls.values().sum::<u32>() <= 200, "{calls:?}");
}

#[tokio::test]
async fn a_thousand_orders_in_batches_of_100_take_145_calls_at_most() {
    let calls = calls(100).await;
    assert!(calls.values().sum::<u32>() <= 145, "{calls:?}");
}
