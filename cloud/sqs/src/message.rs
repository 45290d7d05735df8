//! Messages and their attributes.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A message as a consumer receives it.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    /// The id that `SendMessage` answered, a UUID.
    pub message_id: String,
    /// The handle that deletes the message or changes its visibility.
    pub receipt_handle: String,
    /// The body as sent.
    pub body: String,
    /// MD5 of the body's UTF-8 bytes, in hex.
    pub md5_of_body: String,
    /// System attributes by AWS's names: `ApproximateReceiveCount`, `SentTimestamp`, `SenderId`,
    /// `ApproximateFirstReceiveTimestamp`, `AWSTraceHeader`, `MessageGroupId`, `DeadLetterQueueSourceArn`. Times
    /// are in milliseconds.
    pub attributes: BTreeMap<String, String>,
    /// The attributes that the sender set, by name.
    pub message_attributes: BTreeMap<String, MessageAttribute>,
}

impl ReceivedMessage {
    /// The size that AWS's limits and prices count: the bytes of the body and of each attribute's name, type and value.
    #[must_use]
    pub fn size(&self) -> usize {
        size(&self.body, &self.message_attributes)
    }
}

/// The bytes of a body and its attributes.
fn size(body: &str, attributes: &BTreeMap<String, MessageAttribute>) -> usize {
    let attributes = attributes
        .iter()
        .map(|(name, a)| name.len() + a.data_type.len() + a.value.size());
    body.len() + attributes.sum::<usize>()
}

/// A message attribute: its data type (`String`, `Number` or `Binary`, and an optional `.suffix`) and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireAttribute", into = "WireAttribute")]
pub struct MessageAttribute {
    /// The data type with its optional suffix.
    pub data_type: String,
    /// The value. Its kind matches the data type.
    pub value: AttributeValue,
}

/// A message attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttributeValue {
    /// A `String` or a `Number`.
    String(String),
    /// A `Binary`.
    Binary(Vec<u8>),
}

impl AttributeValue {
    /// The number of bytes that count towards the size of the message.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// The JSON form of a message attribute, in answers and in the database. `attribute_request` reads requests.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireAttribute {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    string_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    data_type: String,
}

impl TryFrom<WireAttribute> for MessageAttribute {
    type Error = &'static str;

    fn try_from(wire: WireAttribute) -> Result<Self, Self::Error> {
        let value = match (wire.string_value, wire.binary_value) {
            (Some(text), None) => AttributeValue::String(text),
            (None, Some(encoded)) => AttributeValue::Binary(
                STANDARD
                    .decode(encoded)
                    .map_err(|_| "BinaryValue is not base64")?,
            ),
            // No stored attribute is empty.
            (None, None) => AttributeValue::String(String::new()),
            (Some(_), Some(_)) => return Err("an attribute has both a StringValue and a BinaryValue"),
        };
        Ok(Self {
            data_type: wire.data_type,
            value,
        })
    }
}

impl From<MessageAttribute> for WireAttribute {
    fn from(attribute: MessageAttribute) -> Self {
        let (string_value, binary_value) = match attribute.value {
            AttributeValue::String(text) => (Some(text), None),
            AttributeValue::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Self {
            string_value,
            binary_value,
            data_type: attribute.data_type,
        }
    }
}

/// A message to send. It is within all limits of [`super::limits`].
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The text.
    pub body: String,
    /// Message attributes, by name.
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// The system attribute `AWSTraceHeader`.
    pub trace_header: Option<String>,
    /// The group whose messages get their fair share, and no more, while other groups have messages too.
    pub group_id: Option<String>,
    /// The value of the system attribute `SenderId`.
    pub sender_id: String,
    /// In seconds. `None` means the delay of the queue.
    pub delay_seconds: Option<u32>,
}

impl NewMessage {
    /// The size that AWS's limits count: the bytes of the body and of each attribute's name, type and value.
    pub(crate) fn size(&self) -> usize {
        size(&self.body, &self.attributes)
    }
}
