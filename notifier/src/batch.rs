//! Reads the invocation's event: a batch of messages of the queue.
//!
//! The runtime hands over raw JSON, because its own decoding errors quote the payload's values.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsMessageAttribute;
use serde_json::{Map, Value};

use crate::ports::Postponement;

/// One message of the batch. What a record lacks harms that record alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is reported by.
    pub message_id: Option<String>,
    /// What its visibility is changed by.
    pub receipt_handle: Option<String>,
    /// Which receive this is, from 1.
    pub receive_count: u32,
    /// The body, as it was sent; empty if there is none, which SQS does not allow.
    pub body: String,
    /// The message's own attributes.
    pub attributes: BTreeMap<String, Attribute>,
}

/// A message attribute: its type and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Such as `String`, `Number` or `Binary`, perhaps with a label behind a point.
    pub data_type: String,
    /// The value.
    pub value: AttributeValue,
}

/// The value of a message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Text or a number.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

/// Why an invocation fails as a whole, so that the whole batch is received again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// No list `Records`.
    #[error("the event has no list Records; this function is invoked by an SQS queue")]
    NoRecords,
    /// Leaving a record without `messageId` out of the answer would delete it, and an empty id would be no better.
    #[error("a record without a messageId is not done and cannot be reported")]
    Unreportable,
}

impl Record {
    /// Shows the message again after `delay`, if it can be named.
    #[must_use]
    pub fn postponement(&self, delay: Duration) -> Option<Postponement> {
        Some(Postponement {
            receipt_handle: self.receipt_handle.clone()?,
            delay,
        })
    }
}

impl Attribute {
    /// A text attribute.
    #[must_use]
    pub fn text(value: impl Into<String>) -> Self {
        Self {
            data_type: "String".to_owned(),
            value: AttributeValue::Text(value.into()),
        }
    }

    /// What the attribute counts of a message's size, in bytes, without its name.
    #[must_use]
    pub fn size(&self) -> usize {
        let value = match &self.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        self.data_type.len() + value
    }

    fn from_event(attribute: SqsMessageAttribute) -> Option<Self> {
        let value = match (attribute.string_value, attribute.binary_value) {
            (Some(text), _) => AttributeValue::Text(text),
            (None, Some(bytes)) => AttributeValue::Binary(bytes.0),
            (None, None) => return None,
        };
        Some(Self {
            data_type: attribute.data_type?,
            value,
        })
    }
}

/// Reads the batch.
pub fn read(event: Value) -> Result<Vec<Record>, BatchError> {
    let Value::Object(mut event) = event else {
        return Err(BatchError::NoRecords);
    };
    let Some(Value::Array(records)) = event.remove("Records") else {
        return Err(BatchError::NoRecords);
    };
    Ok(records.into_iter().map(read_record).collect())
}

fn read_record(record: Value) -> Record {
    let mut record = match record {
        Value::Object(record) => record,
        _ => Map::new(),
    };
    let receive_count = record
        .get("attributes")
        .and_then(|attributes| attributes.get("ApproximateReceiveCount"))
        .and_then(Value::as_str)
        .and_then(|count| count.parse().ok());
    let attributes = match record.remove("messageAttributes") {
        Some(Value::Object(attributes)) => attributes,
        _ => Map::new(),
    };
    let attribute = |attribute| {
        let attribute: SqsMessageAttribute = serde_json::from_value(attribute).ok()?;
        Attribute::from_event(attribute)
    };
    let mut text = |name| match record.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    Record {
        message_id: text("messageId"),
        receipt_handle: text("receiptHandle"),
        receive_count: receive_count.unwrap_or(1),
        body: text("body").unwrap_or_default(),
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name, attribute(value)?)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_read_with_its_attributes() {
        let records = read(json!({"Records": [{
            "messageId": "m-1", "receiptHandle": "r-1", "body": "{}",
            "attributes": {"ApproximateReceiveCount": "3"},
            "messageAttributes": {
                "currency": {"stringValue": "EUR", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
                "trace": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
            },
        }]}))
        .unwrap();
        assert_eq!((records.len(), records[0].receive_count), (1, 3));
        assert_eq!(records[0].attributes["currency"], Attribute::text("EUR"));
        assert_eq!(
            records[0].attributes["trace"].value,
            AttributeValue::Binary(vec![0, 1])
        );
    }

    #[test]
    fn what_is_no_batch_is_refused_without_quoting_it() {
        for event in [json!("ada@example.com"), json!({"records": ["ada@example.com"]})] {
            let error = read(event).err();
            assert_eq!(error, Some(BatchError::NoRecords));
        }
        assert!(!BatchError::NoRecords.to_string().contains("ada"));
    }

    #[test]
    fn what_a_record_lacks_stays_with_it() {
        let whole = json!({"messageId": "m-1", "receiptHandle": "r-1", "body": "{}",
            "attributes": {"ApproximateReceiveCount": "3"}});
        let records = json!({"Records": [
            7, {}, {"messageId": 7, "body": ["ada@example.com"], "attributes": "none", "messageAttributes": {"a": 1}}, whole,
        ]});
        let records = read(records).unwrap();
        assert_eq!(records.len(), 4);
        for record in &records[..3] {
            assert_eq!(
                (&record.message_id, &*record.body, record.receive_count),
                (&None, "", 1)
            );
        }
        assert_eq!(
            (records[3].message_id.as_deref(), records[3].receive_count),
            (Some("m-1"), 3)
        );
    }
}
