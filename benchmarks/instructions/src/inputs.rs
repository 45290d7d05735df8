//! The orders, messages and events of the cases.

use order_core::{Order, OrderId, OrderMessage, Timestamp};
use serde_json::{Value, json};

/// An order of three items, as a shop sends it.
const ORDER: &str = r#"{
    "customer": {"id": "customer-1001", "email": "ada@example.com", "name": "Ada Example"},
    "currency": "EUR",
    "items": [
        {"sku": "MUG-01", "name": "Mug, 300 ml", "quantity": 2, "unit_price": "12.50"},
        {"sku": "TEA-07", "name": "Tea, 100 g", "quantity": 1, "unit_price": "4.95"},
        {"sku": "POT-03", "name": "Tasse mit Übergröße", "quantity": 1, "unit_price": "39.00"}
    ],
    "reference": "PO 2026/17",
    "note": "Please leave it with the neighbour at number 7."
}"#;

/// The body of a request with that order.
pub(crate) fn body() -> Vec<u8> {
    ORDER.as_bytes().to_vec()
}

/// The body of a request with the most items of an order.
pub(crate) fn largest_body() -> Option<Vec<u8>> {
    let mut order: Value = serde_json::from_str(ORDER).ok()?;
    let items = (0..order_core::order::MAX_ITEMS).map(|index| {
        json!({
            "sku": format!("SKU-{index:060}"), "name": "Tasse mit Übergröße ".repeat(10).trim_end(),
            "quantity": 10_000, "unit_price": "12345.67",
        })
    });
    order["items"] = items.collect();
    Some(order.to_string().into_bytes())
}

/// The moment of all orders.
pub(crate) fn moment() -> Option<Timestamp> {
    "2026-11-23T09:35:00.123Z".parse().ok()
}

/// The order of a body.
pub(crate) fn order(body: &[u8]) -> Option<Order> {
    Order::accept(json_document::parse(body).ok()?, moment()?).ok()
}

/// The id of order number `number`.
fn id(number: usize) -> String {
    format!("0199d3a0-5c1e-7b3a-9f57-2c1d{number:08x}")
}

/// The SQS event of a batch of messages of that order, each with an id of its own.
pub(crate) fn orders(count: usize) -> Option<Vec<u8>> {
    let order = order(&body())?;
    batch(count, "orders", |number| {
        let id: OrderId = id(number).parse().ok()?;
        Some(OrderMessage::new(id, moment()?, order.clone()).to_json())
    })
}

/// The SQS event of a batch of events about that order, each with an id of its own.
pub(crate) fn notifications(count: usize) -> Option<Vec<u8>> {
    let order: Value = serde_json::from_str(ORDER).ok()?;
    batch(count, "notifications", |number| {
        let id = id(number);
        let at = moment()?.to_string();
        let data = json!({"order_id": id, "accepted_at": at, "confirmed_at": at, "order": order});
        let event = json!({
            "specversion": "1.0", "id": id, "source": order_core::event::SOURCE, "type": order_core::event::TYPE, "subject": id,
            "time": at, "datacontenttype": "application/json", "data": data,
        });
        Some(event.to_string())
    })
}

/// The SQS event of a batch, with the attributes that Lambda adds.
fn batch(count: usize, queue: &str, body: impl Fn(usize) -> Option<String>) -> Option<Vec<u8>> {
    let record = |number: usize| {
        Some(json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{number:012x}"), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body(number)?, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": "1795426500123", "SenderId": "AROAEXAMPLE:order-api",
                "ApproximateFirstReceiveTimestamp": "1795426500200", "MessageGroupId": "customer-1001",
            },
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
        }))
    };
    let records = (1..=count).map(record).collect::<Option<Vec<_>>>()?;
    serde_json::to_vec(&json!({"Records": records})).ok()
}
