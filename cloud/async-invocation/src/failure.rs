//! The messages to the failure destinations of a function.
//!
//! Sources: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations" and "Adding a dead-letter queue".

use std::collections::BTreeMap;

use cloud_lambda::InvokeError;
use cloud_sqs::{AttributeValue, MessageAttribute, NewMessage};
use cloud_wire::iso8601;
use serde_json::{Value, json};

use crate::events::Event;
use crate::retries::Condition;

/// The longest `ErrorMessage` of a dead letter, in bytes.
const MAX_ERROR_MESSAGE: usize = 1024;

/// The record of an event that failed. `arn` is that of the function, `at` is in milliseconds since the Unix epoch.
pub(crate) fn record(
    event: &Event,
    arn: &str,
    condition: Condition,
    error: &InvokeError,
    at: i64,
) -> NewMessage {
    let mut record = json!({
        "version": "1.0",
        "timestamp": iso8601(at),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": format!("{arn}:$LATEST"),
            "condition": condition.name(),
            "approximateInvokeCount": invocations(event, error),
        },
        "requestPayload": parsed(&event.payload),
    });
    if !matches!(error, InvokeError::Throttled) {
        record["responseContext"] = json!({
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        });
        record["responsePayload"] = parsed(&error.body());
    }
    message(record.to_string(), BTreeMap::new())
}

/// The dead letter of an event: the event as it was.
pub(crate) fn dead_letter(event: &Event, error: &InvokeError) -> NewMessage {
    let status = if matches!(error, InvokeError::Throttled) {
        429
    } else {
        200
    };
    let mut reason = parsed(&error.body())["errorMessage"]
        .as_str()
        .map_or_else(|| error.to_string(), str::to_owned);
    reason.truncate(reason.floor_char_boundary(MAX_ERROR_MESSAGE));
    let mut attributes = BTreeMap::from([
        attribute("RequestID", "String", event.request_id.clone()),
        attribute("ErrorCode", "Number", status.to_string()),
    ]);
    // SQS takes no empty attribute.
    if !reason.is_empty() {
        attributes.extend([attribute("ErrorMessage", "String", reason)]);
    }
    message(String::from_utf8_lossy(&event.payload).into_owned(), attributes)
}

/// How often the function was invoked, the last time included.
fn invocations(event: &Event, error: &InvokeError) -> u32 {
    event.failures + u32::from(!matches!(error, InvokeError::Throttled))
}

fn parsed(payload: &[u8]) -> Value {
    serde_json::from_slice(payload)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(payload).into_owned()))
}

fn attribute(name: &str, kind: &str, value: String) -> (String, MessageAttribute) {
    let attribute = MessageAttribute {
        data_type: kind.to_owned(),
        value: AttributeValue::String(value),
    };
    (name.to_owned(), attribute)
}

fn message(body: String, attributes: BTreeMap<String, MessageAttribute>) -> NewMessage {
    NewMessage {
        body,
        attributes,
        trace_header: None,
        group_id: None,
        sender_id: "lambda".to_owned(),
        delay_seconds: None,
    }
}
