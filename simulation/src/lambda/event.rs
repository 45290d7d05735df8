//! The event that Lambda invokes a function with.

use serde_json::{Map, Value, json};

use crate::queue::Delivery;

/// Builds the event of a batch of messages.
pub(super) fn build_event(batch: &[Delivery]) -> Value {
    json!({"Records": batch.iter().map(build_record).collect::<Vec<_>>()})
}

fn build_record(delivery: &Delivery) -> Value {
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
        "attributes": {"ApproximateReceiveCount": delivery.receives.to_string()},
        "messageAttributes": attributes,
    })
}
