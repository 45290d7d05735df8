//! Reads the invocation's event: a batch of messages of the queue.
//!
//! The runtime hands over raw JSON, because its own decoding errors quote the payload's values.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::{SqsMessage, SqsMessageAttribute};
use serde_json::Value;

/// One message of the batch.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is reported by.
    pub message_id: String,
    /// What its visibility is changed by.
    pub receipt_handle: Option<String>,
    /// Which receive this is, from 1.
    pub receive_count: u32,
    /// The body, as it was sent.
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

/// The event is not what SQS invokes a function with. Thrown, so that the whole batch is received again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// No list `Records`.
    #[error("the event has no list Records; this function is invoked by an SQS queue")]
    NoRecords,
    /// A record that is not of the documented shape, or without `messageId`, cannot even be reported.
    #[error("record {0} of the event is not an SQS message with a messageId")]
    BadRecord(usize),
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
    let numbered = records.into_iter().enumerate();
    numbered
        .map(|(index, record)| read_record(record).ok_or(BatchError::BadRecord(index)))
        .collect()
}

fn read_record(record: Value) -> Option<Record> {
    let message: SqsMessage = serde_json::from_value(record).ok()?;
    let receive_count = message
        .attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok());
    let attributes = message.message_attributes.into_iter();
    Some(Record {
        message_id: message.message_id.filter(|id| !id.is_empty())?,
        receipt_handle: message.receipt_handle,
        receive_count: receive_count.unwrap_or(1),
        body: message.body.unwrap_or_default(),
        attributes: attributes
            .filter_map(|(name, attribute)| Some((name, Attribute::from_event(attribute)?)))
            .collect(),
    })
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
        for (event, error) in [
            (json!("ada@example.com"), BatchError::NoRecords),
            (json!({"records": []}), BatchError::NoRecords),
            (
                json!({"Records": [{"messageId": "m-1"}, {"body": "ada@example.com"}]}),
                BatchError::BadRecord(1),
            ),
            (json!({"Records": [{"messageId": 7}]}), BatchError::BadRecord(0)),
        ] {
            assert_eq!(read(event).err(), Some(error.clone()));
            assert!(!error.to_string().contains("ada"));
        }
    }
}
