//! One record of an SQS event, read leniently: a missing part is that record's failure, never the batch's.
//!
//! Source: "Using Lambda with Amazon SQS", the event's shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// One received message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The message's id; without it a failure cannot be reported.
    pub message_id: Option<String>,
    /// Of this receive; without it neither visibility nor existence can be changed.
    pub receipt_handle: Option<String>,
    /// The text.
    pub body: Option<String>,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// What the sender attached, by name.
    pub attributes: Vec<MessageAttribute>,
}

/// A message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageAttribute {
    /// Its name.
    pub name: String,
    /// `String`, `Number` or `Binary`, with an optional label after a dot.
    pub data_type: String,
    /// Its value.
    pub value: AttributeContent,
}

/// A message attribute's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeContent {
    /// Of the types `String` and `Number`.
    Text(String),
    /// Of the type `Binary`.
    Binary(Vec<u8>),
}

impl MessageAttribute {
    /// What it counts towards the message's size: name, type and value, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let value = match &self.value {
            AttributeContent::Text(text) => text.len(),
            AttributeContent::Binary(bytes) => bytes.len(),
        };
        self.name.len() + self.data_type.len() + value
    }
}

/// The records of an event, or nothing if it is none of SQS.
#[must_use]
pub fn records(event: Value) -> Option<Vec<Record>> {
    let Value::Object(mut event) = event else {
        return None;
    };
    let Some(Value::Array(records)) = event.remove("Records") else {
        return None;
    };
    Some(records.into_iter().map(record).collect())
}

fn record(record: Value) -> Record {
    let Value::Object(mut record) = record else {
        return Record::default();
    };
    let receive_count = record
        .get("attributes")
        .and_then(|attributes| attributes.get("ApproximateReceiveCount"))
        .and_then(Value::as_str)
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    let attributes = match record.remove("messageAttributes") {
        Some(Value::Object(attributes)) => attributes.into_iter().filter_map(message_attribute).collect(),
        _ => Vec::new(),
    };
    Record {
        message_id: take_text(&mut record, "messageId"),
        receipt_handle: take_text(&mut record, "receiptHandle"),
        body: take_text(&mut record, "body"),
        receive_count,
        attributes,
    }
}

fn take_text(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    match object.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn message_attribute((name, attribute): (String, Value)) -> Option<MessageAttribute> {
    let Value::Object(mut attribute) = attribute else {
        return None;
    };
    let data_type = take_text(&mut attribute, "dataType")?;
    let value = if data_type.starts_with("Binary") {
        AttributeContent::Binary(STANDARD.decode(take_text(&mut attribute, "binaryValue")?).ok()?)
    } else {
        AttributeContent::Text(take_text(&mut attribute, "stringValue")?)
    };
    Some(MessageAttribute {
        name,
        data_type,
        value,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_with_every_part_is_read() {
        let event = json!({"Records": [{
            "messageId": "m", "receiptHandle": "r", "body": "b",
            "attributes": {"ApproximateReceiveCount": "3"},
            "messageAttributes": {
                "n": {"stringValue": "7", "dataType": "Number"},
                "b": {"binaryValue": "AQI=", "dataType": "Binary.gif"},
                "broken": {"binaryValue": "%", "dataType": "Binary"},
            },
        }]});
        let records = records(event).unwrap();
        let value = |name: &str| {
            records[0]
                .attributes
                .iter()
                .find(|attribute| attribute.name == name)
                .map(|a| a.value.clone())
        };
        assert_eq!(records[0].receive_count, 3);
        assert_eq!(records[0].message_id.as_deref(), Some("m"));
        assert_eq!(value("n"), Some(AttributeContent::Text("7".to_owned())));
        assert_eq!(value("b"), Some(AttributeContent::Binary(vec![1, 2])));
        assert_eq!(value("broken"), None);
    }

    #[test]
    fn missing_parts_stay_with_their_record() {
        let records = records(json!({"Records": [1, {}, {"messageId": "", "body": 7}]})).unwrap();
        assert_eq!(records.len(), 3);
        assert!(
            records
                .iter()
                .all(|record| record.message_id.is_none() && record.body.is_none())
        );
    }

    #[test]
    fn what_is_no_sqs_event_is_told_apart() {
        assert_eq!(records(json!({})), None);
        assert_eq!(records(json!([])), None);
        assert_eq!(records(json!({"Records": []})), Some(Vec::new()));
    }
}
