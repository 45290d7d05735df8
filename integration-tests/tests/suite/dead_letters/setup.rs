//! Dead letters for the tests, and what the commands print.

use std::path::Path;
use std::process::Output;

use aws_sdk_sqs::types::{MessageAttributeValue, SendMessageBatchRequestEntry};
use order_core::{Order, OrderMessage};
use serde_json::Value;
use uuid::Uuid;

use crate::system::{System, sample};

/// Makes the message of an accepted order, with a new id.
pub(super) fn make_message(order: &Value) -> OrderMessage {
    let id = Uuid::now_v7().to_string().parse().unwrap();
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    OrderMessage::new(id, accepted_at, Order::restore(order).unwrap())
}

/// Sends dead letters of valid orders to the dead-letter queue, as after an outage. Returns the orders' ids.
pub(super) async fn send_dead_letters(system: &System, count: usize) -> Vec<String> {
    let messages: Vec<OrderMessage> = (0..count)
        .map(|_| make_message(&sample("order-minimal.json")))
        .collect();
    let sqs = system.sqs().await;
    let url = system.queue_url(&sqs, "orders-dlq").await;
    for chunk in messages.chunks(10) {
        let entries = chunk.iter().enumerate().map(|(index, message)| {
            let reason = MessageAttributeValue::builder()
                .data_type("String")
                .string_value("timeout");
            SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(message.to_json())
                .message_attributes("error_code", reason.build().unwrap())
                .build()
                .unwrap()
        });
        let sent = sqs
            .send_message_batch()
            .queue_url(&url)
            .set_entries(Some(entries.collect()))
            .send()
            .await;
        assert!(sent.unwrap().failed.is_empty());
    }
    messages
        .iter()
        .map(|message| message.order_id.to_string())
        .collect()
}

/// The standard output of a command, which must have succeeded.
pub(super) fn stdout_of(output: &Output) -> String {
    let [out, error] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{out}\n{error}");
    out
}

/// Reads the lines of an audit log.
pub(super) fn read_audit_log(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
