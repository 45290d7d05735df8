//! The event that Lambda invokes a function with.

use order_core::Timestamp;
use queue_consumer::ports::Queue;
use serde_json::{Map, Value, json};

use crate::queue::Delivery;
use crate::schedule::Schedule;

/// Builds the event of a batch of messages.
pub(super) fn build_event(batch: &[Delivery], queue: Queue) -> Value {
    let records = batch.iter().map(|delivery| build_record(delivery, queue));
    json!({"Records": records.collect::<Vec<_>>()})
}

/// The name of the retry queue of both pipelines.
pub(super) const RETRY_QUEUE: &str = "retry";

fn build_record(delivery: &Delivery, queue: Queue) -> Value {
    let name = if queue == Queue::Retry {
        RETRY_QUEUE
    } else {
        "main"
    };
    let sent_at = Timestamp::new(Schedule::date(delivery.sent_at)).unix_milliseconds();
    let attributes: Map<String, Value> = delivery
        .attributes
        .iter()
        .map(|(name, (data_type, text))| {
            let value = json!({"stringValue": text, "dataType": data_type, "stringListValues": [], "binaryListValues": []});
            (name.clone(), value)
        })
        .collect();
    json!({
        "messageId": delivery.id, "receiptHandle": delivery.receipt, "body": delivery.body,
        "attributes": {
            "ApproximateReceiveCount": delivery.receives.to_string(), "SentTimestamp": sent_at.to_string(),
        },
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
        "messageAttributes": attributes,
    })
}
