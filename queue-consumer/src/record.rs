//! One message of a batch. A record with missing or malformed parts does not affect the other records.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_document::{Object, Value};
use serde::Deserialize;
use timestamp::Timestamp;
use uuid::Uuid;

use crate::attribute;
use crate::visibility::VisibilityChange;

/// One received message.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The message's id. Without it a failure cannot be reported.
    pub message_id: Option<String>,
    /// The receipt handle of this receive. Without it the message can neither be hidden nor deleted.
    pub receipt_handle: Option<String>,
    /// The message's text.
    pub body: Option<String>,
    /// How often the message was received, this receive included. A copy that was sent again counts its own receives.
    pub receive_count: u32,
    /// The name of the queue that it was received from.
    pub queue: Option<String>,
    /// When it was sent to that queue.
    pub sent_at: Option<Timestamp>,
    /// The sender's message attributes, by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// Its message group (`MessageGroupId`), by which SQS delivers fairly.
    pub group_id: Option<String>,
    /// The X-Ray trace header that it was sent with (`AWSTraceHeader`).
    pub trace_header: Option<String>,
}

/// A message attribute.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, with an optional label after a dot.
    pub data_type: String,
    /// Its value.
    pub value: AttributeValue,
}

/// A message attribute's value.
#[derive(Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// A value of the type `String` or `Number`.
    Text(String),
    /// A value of the type `Binary`.
    Binary(Vec<u8>),
}

/// The part of a body that names the order: of a message, or of an event, which has it in its data.
#[derive(Deserialize)]
struct NamesOrder {
    #[serde(rename = "type")]
    kind: Option<serde_json::Value>,
    order_id: Option<serde_json::Value>,
    accepted_at: Option<serde_json::Value>,
    data: Option<Box<NamesOrder>>,
}

impl NamesOrder {
    fn order_id(self) -> Option<Uuid> {
        let id = self.order_id.or_else(|| self.data?.order_id)?;
        id.as_str()?.parse().ok()
    }
}

/// Without the message's content, which no log may hold.
impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Record")
            .field("message_id", &self.message_id)
            .field("receive_count", &self.receive_count)
            .finish_non_exhaustive()
    }
}

/// Without its value, for the same reason.
impl fmt::Debug for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Attribute")
            .field("data_type", &self.data_type)
            .finish_non_exhaustive()
    }
}

impl Record {
    /// Reads a record of an event.
    #[must_use]
    pub(crate) fn read(record: &Value<'_>) -> Self {
        let system = |name| record.get("attributes")?.get(name)?.as_str();
        let number = |name| system(name)?.parse::<i64>().ok();
        let receive_count = number("ApproximateReceiveCount").and_then(|count| u32::try_from(count).ok());
        let sent_at = number("SentTimestamp");
        let attributes = record.get("messageAttributes").and_then(Value::as_object);
        let attributes = attributes.into_iter().flat_map(Object::iter);
        let queue = text(record, "eventSourceARN").and_then(|arn| arn.rsplit_once(':'));
        let text = |name| text(record, name).map(str::to_owned);
        Self {
            message_id: text("messageId"),
            receipt_handle: text("receiptHandle"),
            body: text("body"),
            receive_count: receive_count.unwrap_or(1),
            queue: queue.map(|(_, name)| name.to_owned()),
            sent_at: sent_at.and_then(|at| Timestamp::from_unix_milliseconds(at).ok()),
            attributes: attributes
                .filter_map(|(name, attribute)| Some((name.to_owned(), Attribute::read(attribute)?)))
                .collect(),
            group_id: system("MessageGroupId").map(str::to_owned),
            trace_header: system("AWSTraceHeader").map(str::to_owned),
        }
    }

    /// How often the message and its earlier copies were received.
    #[must_use]
    pub fn receives(&self) -> u32 {
        let earlier = self.text(attribute::RETRY_RECEIVES);
        let earlier: u32 = earlier.and_then(|count| count.parse().ok()).unwrap_or(0);
        earlier.saturating_add(self.receive_count)
    }

    /// When its first copy was sent, if that is known.
    #[must_use]
    pub fn first_sent_at(&self) -> Option<Timestamp> {
        let first = self.text(attribute::RETRY_FIRST_SENT_AT);
        first.and_then(|at| at.parse().ok()).or(self.sent_at)
    }

    /// The code of the last failure of an earlier copy, if the message was sent again. A dead letter that SQS moved back has a code
    /// too, and was not sent again.
    #[must_use]
    pub fn last_error(&self) -> Option<&str> {
        self.text(attribute::RETRY_FIRST_SENT_AT)?;
        self.text(attribute::ERROR_CODE)
    }

    /// The id of the order that the body names, as a message or as an event. For the log, also if the body is not valid. Text
    /// that is no id may be a person's, and counts as none.
    #[must_use]
    pub fn order_id(&self) -> Option<Uuid> {
        self.names()?.order_id()
    }

    /// The id of the order that the body holds. A message with a type asks for a change of an order, and holds none: when it fails, the
    /// order has not failed.
    pub(crate) fn held_order_id(&self) -> Option<Uuid> {
        self.names().filter(|body| body.kind.is_none())?.order_id()
    }

    /// When the order was accepted, as the body of a message says.
    pub(crate) fn accepted_at(&self) -> Option<Timestamp> {
        self.names()?.accepted_at?.as_str()?.parse().ok()
    }

    fn names(&self) -> Option<NamesOrder> {
        serde_json::from_str(self.body.as_deref()?).ok()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_text()
    }

    /// The change that makes the message visible again after `seconds`. None without a receipt handle.
    #[must_use]
    pub fn visible_in(&self, seconds: u32) -> Option<VisibilityChange> {
        Some(VisibilityChange {
            receipt_handle: self.receipt_handle.clone()?,
            seconds,
        })
    }
}

impl Attribute {
    /// An attribute of the type `String`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            data_type: "String".to_owned(),
            value: AttributeValue::Text(text.into()),
        }
    }

    /// An attribute of the type `Number`.
    #[must_use]
    pub fn number(number: u32) -> Self {
        Self {
            data_type: "Number".to_owned(),
            value: AttributeValue::Text(number.to_string()),
        }
    }

    /// The text of a `String` or a `Number`.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            AttributeValue::Text(text) => Some(text),
            AttributeValue::Binary(_) => None,
        }
    }

    /// The attribute's part of the message's size in bytes, without its name.
    #[must_use]
    pub fn size(&self) -> usize {
        let value = match &self.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        self.data_type.len() + value
    }

    fn read(attribute: &Value<'_>) -> Option<Self> {
        let data_type = text(attribute, "dataType")?.to_owned();
        let value = if data_type.starts_with("Binary") {
            AttributeValue::Binary(STANDARD.decode(text(attribute, "binaryValue")?).ok()?)
        } else {
            AttributeValue::Text(text(attribute, "stringValue")?.to_owned())
        };
        Some(Self { data_type, value })
    }
}

/// A member that is a text and not empty.
fn text<'a>(object: &'a Value<'_>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(record: &serde_json::Value) -> Record {
        Record::read(&Value::from(record))
    }

    #[test]
    fn only_a_message_that_was_sent_again_has_a_last_error() {
        let mut record = Record::default();
        record
            .attributes
            .insert("error_code".to_owned(), Attribute::text("malformed"));
        assert_eq!(record.last_error(), None);
        record.attributes.insert(
            "retry_first_sent_at".to_owned(),
            Attribute::text("2026-11-23T09:35:00.123Z"),
        );
        assert_eq!(record.last_error(), Some("malformed"));
    }

    #[test]
    fn a_record_is_read_with_every_part() {
        let record = read(&json!({
            "messageId": "m", "receiptHandle": "r", "body": "b",
            "attributes": {"ApproximateReceiveCount": "3", "SentTimestamp": "1795426200000",
                "MessageGroupId": "g", "AWSTraceHeader": "Root=1-67891233-abcdef012345678912345678"},
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:orders",
            "messageAttributes": {
                "n": {"stringValue": "7", "dataType": "Number"},
                "currency": {"stringValue": "EUR", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
                "b": {"binaryValue": "AQI=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary.gif"},
            },
        }));
        let attributes = [
            (
                "b",
                Attribute {
                    data_type: "Binary.gif".to_owned(),
                    value: AttributeValue::Binary(vec![1, 2]),
                },
            ),
            ("currency", Attribute::text("EUR")),
            ("n", Attribute::number(7)),
        ];
        let expected = Record {
            message_id: Some("m".to_owned()),
            receipt_handle: Some("r".to_owned()),
            body: Some("b".to_owned()),
            receive_count: 3,
            queue: Some("orders".to_owned()),
            sent_at: Timestamp::from_unix_milliseconds(1_795_426_200_000).ok(),
            attributes: attributes
                .map(|(name, attribute)| (name.to_owned(), attribute))
                .into(),
            group_id: Some("g".to_owned()),
            trace_header: Some("Root=1-67891233-abcdef012345678912345678".to_owned()),
        };
        assert!(record == expected);
    }

    #[test]
    fn a_message_and_an_event_name_their_order_and_nothing_else_does() {
        let id = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
        let named = |body: &str| {
            let record = Record {
                body: Some(body.to_owned()),
                ..Record::default()
            };
            record.order_id().map(|id| id.to_string())
        };
        for body in [
            json!({"order_id": id, "schema_version": 99}),
            json!({"data": {"order_id": id, "order": {}}}),
        ] {
            assert_eq!(named(&body.to_string()).as_deref(), Some(id));
        }
        for body in [
            json!({"order_id": "ada@example.com"}),
            json!({"order_id": 7, "data": {"order_id": id}}),
            json!({"data": "ada@example.com"}),
            json!([id]),
        ] {
            assert_eq!(named(&body.to_string()), None, "{body}");
        }
        assert_eq!(named("not an order"), None);
        assert_eq!(Record::default().order_id(), None);
    }

    #[test]
    fn an_attribute_that_sqs_would_refuse_is_left_out() {
        let record = read(&json!({"messageAttributes": {
            "broken": {"binaryValue": "%", "dataType": "Binary"},
            "mixed": {"stringValue": "t", "dataType": "Binary"},
            "empty": {"stringValue": "", "dataType": "String"},
            "typeless": {"stringValue": "t"},
            "none": 1,
            "whole": {"stringValue": "t", "dataType": "String"},
        }}));
        assert_eq!(record.attributes.keys().collect::<Vec<_>>(), ["whole"]);
    }

    #[test]
    fn a_malformed_record_is_read_without_its_malformed_parts() {
        for record in [
            json!(1),
            json!({}),
            json!({"messageId": "", "body": 7}),
            json!({"messageId": 7, "body": ["ada@example.com"], "attributes": "none", "messageAttributes": {"a": 1}}),
        ] {
            let nothing = Record {
                receive_count: 1,
                ..Record::default()
            };
            assert!(read(&record) == nothing);
        }
    }

    #[test]
    fn debug_output_holds_no_content_of_the_message() {
        let record = read(&json!({
            "messageId": "m", "body": "ada@example.com", "attributes": {"ApproximateReceiveCount": "2"},
            "messageAttributes": {"email": {"stringValue": "ada@example.com", "dataType": "String"}},
        }));
        assert_eq!(
            format!("{record:?}, {:?}", record.attributes["email"]),
            r#"Record { message_id: Some("m"), receive_count: 2, .. }, Attribute { data_type: "String", .. }"#
        );
    }
}
