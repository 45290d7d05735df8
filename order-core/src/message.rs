//! The messages of the queue of orders: one carries an accepted order, and one asks to cancel an order.

use std::fmt::Display;
use std::str::FromStr;

use json_document::Value;
use serde::Serialize;

use crate::fingerprint::Fingerprint;
use crate::id::OrderId;
use crate::json;
use crate::order::Order;
use crate::order::door::Door;
use timestamp::Timestamp;

/// An accepted order that is not stored yet. Its JSON form is version 1, or version 2 if the order has a reference or metadata:
///
/// ```json
/// {"schema_version":1,"order_id":"…","fingerprint":"v1:…","accepted_at":"…","order":{…}}
/// ```
///
/// Every version that was ever written stays readable: messages wait in queues while new code is deployed. A message has the
/// oldest version that holds its order, so that code of before reads as many as it can, and refuses the others whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderMessage {
    /// The order's id.
    pub order_id: OrderId,
    /// The order's fingerprint, as order-api computed it.
    pub fingerprint: Fingerprint,
    /// When the API accepted the order.
    pub accepted_at: Timestamp,
    /// The order.
    pub order: Order,
}

/// A request to cancel an order, which may not be stored yet. Its JSON form is version 3:
///
/// ```json
/// {"schema_version":3,"type":"cancellation","order_id":"…","requested_at":"…"}
/// ```
///
/// It has a version that no order has: code from before cancellations takes it for a later version, and tries it again until new
/// code reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancellationMessage {
    /// The id of the order to cancel.
    pub order_id: OrderId,
    /// When the API accepted the request.
    pub requested_at: Timestamp,
}

/// A message of the queue of orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueMessage {
    /// An accepted order.
    Order(Box<OrderMessage>),
    /// A request to cancel an order.
    Cancellation(CancellationMessage),
}

/// Why a message cannot be read. The texts hold no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, or not in the form of a message.
    #[error("{0}")]
    Malformed(String),
    /// A version that this code does not know. A later version of the code reads it.
    #[error("schema_version {0} is not known; this version of the code reads 1, 2 and 3")]
    UnknownVersion(u64),
}

/// The `schema_version` of a cancellation.
const CANCELLATION_VERSION: u64 = 3;

/// The `type` of a cancellation. An order has none.
const CANCELLATION_TYPE: &str = "cancellation";

impl CancellationMessage {
    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document {
            order_id: OrderId,
            requested_at: Timestamp,
            schema_version: u64,
            r#type: &'static str,
        }
        json::write(&Document {
            order_id: self.order_id,
            requested_at: self.requested_at,
            schema_version: CANCELLATION_VERSION,
            r#type: CANCELLATION_TYPE,
        })
    }

    fn from_document(document: &Value<'_>) -> Result<Self, MessageError> {
        if document.get("type").and_then(Value::as_str) != Some(CANCELLATION_TYPE) {
            return Err(malformed(
                "a message of version 3 has another type than cancellation",
            ));
        }
        Ok(Self {
            order_id: parsed(document, "order_id")?,
            requested_at: parsed(document, "requested_at")?,
        })
    }
}

impl QueueMessage {
    /// Reads a message of any type and version.
    pub fn from_json(text: &str) -> Result<Self, MessageError> {
        let document = json_document::parse(text.as_bytes()).map_err(|error| malformed(error.to_string()))?;
        match document.get("schema_version").and_then(Value::as_u64) {
            Some(1 | 2) => {
                OrderMessage::from_version_1_or_2(&document).map(|message| Self::Order(Box::new(message)))
            }
            Some(CANCELLATION_VERSION) => {
                CancellationMessage::from_document(&document).map(Self::Cancellation)
            }
            Some(other) => Err(MessageError::UnknownVersion(other)),
            None => Err(malformed("the message has no schema_version")),
        }
    }

    /// The id of the order that the message is about.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        match self {
            Self::Order(message) => message.order_id,
            Self::Cancellation(message) => message.order_id,
        }
    }
}

impl OrderMessage {
    /// The message of an order that the API accepts.
    #[must_use]
    pub fn new(order_id: OrderId, accepted_at: Timestamp, order: Order) -> Self {
        Self {
            order_id,
            fingerprint: Fingerprint::of(&order),
            accepted_at,
            order,
        }
    }

    /// The `schema_version` of a message with this order.
    #[must_use]
    pub fn schema_version(order: &Order) -> u64 {
        if order.needs_version_2() { 2 } else { 1 }
    }

    /// The JSON form, in the oldest version that holds the order.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            accepted_at: Timestamp,
            fingerprint: &'a Fingerprint,
            order: &'a Order,
            order_id: OrderId,
            schema_version: u64,
        }
        json::write(&Document {
            accepted_at: self.accepted_at,
            fingerprint: &self.fingerprint,
            order: &self.order,
            order_id: self.order_id,
            schema_version: Self::schema_version(&self.order),
        })
    }

    /// Reads the message of an order, of any version. A cancellation is refused.
    pub fn from_json(text: &str) -> Result<Self, MessageError> {
        match QueueMessage::from_json(text)? {
            QueueMessage::Order(message) => Ok(*message),
            QueueMessage::Cancellation(_) => Err(malformed("the message cancels an order, and holds none")),
        }
    }

    fn from_version_1_or_2(document: &Value<'_>) -> Result<Self, MessageError> {
        let order_id = parsed(document, "order_id")?;
        let fingerprint: Fingerprint = parsed(document, "fingerprint")?;
        let accepted_at = parsed(document, "accepted_at")?;
        let order = document
            .get("order")
            .ok_or_else(|| malformed("order is missing"))?;
        let order = Order::parse(order, Door::Restore)
            .map_err(|violations| malformed(format!("order: {violations}")))?;
        // A wrong fingerprint would be stored, and every later copy of the order would be compared with it.
        if !fingerprint.matches(&order) {
            return Err(malformed("the fingerprint is not that of the order"));
        }
        Ok(Self {
            order_id,
            fingerprint,
            accepted_at,
            order,
        })
    }
}

/// A field's text as a `T`.
fn parsed<T: FromStr<Err: Display>>(document: &Value<'_>, name: &str) -> Result<T, MessageError> {
    let text = document.get(name).and_then(Value::as_str);
    let text = text.ok_or_else(|| malformed(format!("{name} is missing")))?;
    text.parse()
        .map_err(|error| malformed(format!("{name}: {error}")))
}

fn malformed(reason: impl Into<String>) -> MessageError {
    MessageError::Malformed(reason.into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../golden/message-v1.json");

    /// A document without spaces, each object's fields sorted by name.
    fn sorted(document: &str) -> String {
        serde_json::from_str::<Value>(document).unwrap().to_string()
    }

    #[test]
    fn a_message_of_version_1_stays_readable() {
        let message = OrderMessage::from_json(GOLDEN).unwrap();
        assert_eq!(
            message.order_id.to_string(),
            "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b"
        );
        assert_eq!(message.order.total().decimal(), "29.95");
        assert_eq!(OrderMessage::from_json(&message.to_json()), Ok(message));
    }

    #[test]
    fn a_message_of_version_2_stays_readable() {
        let golden = include_str!("../golden/message-v2.json");
        let message = OrderMessage::from_json(golden).unwrap();
        assert_eq!(message.order.reference().unwrap().as_str(), "PO 2026/17");
        assert_eq!(message.to_json(), sorted(golden));
    }

    #[test]
    fn a_cancellation_stays_readable_and_is_no_order() {
        let golden = include_str!("../golden/message-v3.json");
        let message = QueueMessage::from_json(golden).unwrap();
        let QueueMessage::Cancellation(cancellation) = message else {
            panic!("{message:?}")
        };
        assert_eq!(cancellation.order_id.short(), "4e5f6a7b");
        assert_eq!(cancellation.to_json(), sorted(golden));
        assert!(matches!(
            OrderMessage::from_json(golden),
            Err(MessageError::Malformed(_))
        ));
        for (from, to) in [("cancellation", "return"), ("order_id", "id"), ("2026-", "26-")] {
            let error = QueueMessage::from_json(&golden.replace(from, to)).unwrap_err();
            assert!(matches!(error, MessageError::Malformed(_)), "{from}: {error}");
        }
    }

    #[test]
    fn a_message_of_earlier_rules_is_read_whole() {
        // A withdrawn currency, a quantity over today's limit, and texts that today's rules refuse.
        let golden = include_str!("../golden/message-v1-earlier-rules.json");
        let message = OrderMessage::from_json(golden).unwrap();
        let document: Value = serde_json::from_str(golden).unwrap();
        let refusals = Order::accept(&document["order"], message.accepted_at).unwrap_err();
        assert_eq!(refusals.as_slice().len(), 7, "{refusals}");
        assert_eq!(message.to_json(), document.to_string());
    }

    #[test]
    fn a_field_that_is_not_known_is_not_dropped() {
        let golden = GOLDEN.replace("\"note\"", "\"gift\": true, \"note\"");
        let error = OrderMessage::from_json(&golden).unwrap_err().to_string();
        assert!(error.starts_with("order: /gift: is not a field here"), "{error}");
    }

    #[test]
    fn an_error_says_why() {
        let change = |from: &str, to: &str| {
            assert!(GOLDEN.contains(from), "{from}");
            OrderMessage::from_json(&GOLDEN.replace(from, to))
                .unwrap_err()
                .to_string()
        };
        let text = [
            OrderMessage::from_json("hello").unwrap_err().to_string(),
            OrderMessage::from_json("[]").unwrap_err().to_string(),
            change("\"schema_version\": 1", "\"schema_version\": 9"),
            change("0199d3a0", "0199D3A0"),
            change("v1:", "v0:"),
            change("2026-", "26-"),
            change("\"quantity\": 2", "\"quantity\": 3"),
            change("\"EUR\"", "\"ABC\""),
        ]
        .join("\n");
        insta::assert_snapshot!(text, @r#"
        not a JSON document: expected value at line 1 column 1
        the message has no schema_version
        schema_version 9 is not known; this version of the code reads 1, 2 and 3
        order_id: not an order id; an order id is a UUID such as 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b
        fingerprint: not a fingerprint of a known version (v1: or v2:, and 64 hexadecimal digits)
        accepted_at: not an RFC 3339 timestamp, for example 2026-11-23T09:35:00.123Z
        order: /total: does not match the items, which sum to "42.45"
        order: /currency: must be an ISO 4217 currency code in capitals, for example "EUR"
        "#);
    }
}
