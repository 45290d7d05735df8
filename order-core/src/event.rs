//! The events of an order: that it is confirmed, and that it is cancelled. Each is a CloudEvents 1.0 envelope in JSON.

use std::fmt::Display;
use std::str::FromStr;

use json_document::Value;
use serde::Serialize;

use crate::id::OrderId;
use crate::json;
use crate::order::Order;
use crate::order::door::Door;
use crate::trace::Trace;
use timestamp::Timestamp;

/// `type` of the event that an order is confirmed, with its version.
pub const TYPE: &str = "orders.order.confirmed.v1";

/// `type` of the event that an order is cancelled, with its version.
pub const CANCELLED_TYPE: &str = "orders.order.cancelled.v1";

/// `source` of the events.
pub const SOURCE: &str = "/orders";

/// The types of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// An order is confirmed.
    Confirmed,
    /// An order is cancelled.
    Cancelled,
}

impl EventType {
    /// All types.
    pub const ALL: [Self; 2] = [Self::Confirmed, Self::Cancelled];

    /// The event's `type`, and the value of its message attribute `event_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => TYPE,
            Self::Cancelled => CANCELLED_TYPE,
        }
    }

    /// Reads an event's `type`.
    fn parse(text: &str) -> Result<Self, EventError> {
        if let Some(found) = Self::ALL.into_iter().find(|known| known.as_str() == text) {
            return Ok(found);
        }
        let is_version_of = |known: Self| {
            let name = known.as_str().trim_end_matches('1');
            let version = text.strip_prefix(name);
            version.is_some_and(|version| version.parse::<u64>().is_ok())
        };
        Err(if Self::ALL.into_iter().any(is_version_of) {
            EventError::UnknownVersion
        } else {
            EventError::UnknownType
        })
    }
}

/// An order is confirmed: its row exists.
///
/// The event comes from the row alone, and its `id` is the order's id. So an event that is published again is identical to
/// the first, and a consumer can recognize it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderConfirmed {
    /// The order's id.
    pub order_id: OrderId,
    /// When the API accepted it.
    pub accepted_at: Timestamp,
    /// When its row was written; the event's `time`.
    pub confirmed_at: Timestamp,
    /// The order.
    pub order: Order,
    /// The trace of the request that placed it, if that is known.
    pub trace: Option<Trace>,
}

/// An order is cancelled: its row says so.
///
/// Like [`OrderConfirmed`] it comes from the row alone. Its `id` is the order's id with `/cancelled`, because CloudEvents wants an id of
/// its own for each event of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCancelled {
    /// The order, as it was confirmed.
    pub confirmed: OrderConfirmed,
    /// When its row was marked as cancelled; the event's `time`.
    pub cancelled_at: Timestamp,
}

/// An event of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderEvent {
    /// The order is confirmed.
    Confirmed(OrderConfirmed),
    /// The order is cancelled.
    Cancelled(OrderCancelled),
}

/// Why an event cannot be read. The texts hold no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not JSON, or not in the form of an event.
    #[error("{0}")]
    Malformed(String),
    /// A version that this code does not know. A later version of the code reads it.
    #[error("the event's version is not known; this version of the code reads {TYPE} and {CANCELLED_TYPE}")]
    UnknownVersion,
    /// Another type of event.
    #[error("the event's type is not known; this version of the code reads {TYPE} and {CANCELLED_TYPE}")]
    UnknownType,
}

impl OrderConfirmed {
    /// The event in the structured JSON form of CloudEvents 1.0. The trace is its extension for distributed tracing, `traceparent`.
    /// <https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md>
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(&Envelope::of(
            self,
            EventType::Confirmed,
            &self.order_id.to_string(),
            self.confirmed_at,
            None,
        ))
    }

    /// Reads the event that an order is confirmed, of any version. Ignores fields that a later version added. An event of another
    /// type is refused.
    pub fn from_json(text: &str) -> Result<Self, EventError> {
        match OrderEvent::from_json(text)? {
            OrderEvent::Confirmed(event) => Ok(event),
            OrderEvent::Cancelled(_) => Err(EventError::UnknownType),
        }
    }

    /// The part that every event of an order has.
    fn from_document(document: &Value<'_>, data: &Value<'_>) -> Result<Self, EventError> {
        let order = data
            .get("order")
            .ok_or_else(|| malformed("data/order is missing"))?;
        Ok(Self {
            order_id: parsed(data, "order_id")?,
            accepted_at: parsed(data, "accepted_at")?,
            confirmed_at: parsed(data, "confirmed_at")?,
            order: Order::parse(order, Door::RestoreKnown)
                .map_err(|violations| malformed(format!("data/order: {violations}")))?,
            // An event with another trace is still an order's event.
            trace: document
                .get("traceparent")
                .and_then(Value::as_str)
                .and_then(Trace::from_traceparent),
        })
    }
}

impl OrderCancelled {
    /// The event in the structured JSON form of CloudEvents 1.0.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(&Envelope::of(
            &self.confirmed,
            EventType::Cancelled,
            &format!("{}/cancelled", self.confirmed.order_id),
            self.cancelled_at,
            Some(self.cancelled_at),
        ))
    }
}

/// The envelope of an event about an order. Its fields are sorted by name, as they always were: an event that is published again
/// is identical to the first, also if code of before wrote that.
#[derive(Serialize)]
struct Envelope<'a> {
    data: Data<'a>,
    datacontenttype: &'static str,
    id: &'a str,
    source: &'static str,
    specversion: &'static str,
    subject: OrderId,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    r#type: &'static str,
}

/// The data of an event.
#[derive(Serialize)]
struct Data<'a> {
    accepted_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<Timestamp>,
    confirmed_at: Timestamp,
    order: &'a Order,
    order_id: OrderId,
}

impl<'a> Envelope<'a> {
    fn of(
        confirmed: &'a OrderConfirmed,
        event_type: EventType,
        id: &'a str,
        time: Timestamp,
        cancelled_at: Option<Timestamp>,
    ) -> Self {
        Self {
            data: Data {
                accepted_at: confirmed.accepted_at,
                cancelled_at,
                confirmed_at: confirmed.confirmed_at,
                order: &confirmed.order,
                order_id: confirmed.order_id,
            },
            datacontenttype: "application/json",
            id,
            source: SOURCE,
            specversion: "1.0",
            subject: confirmed.order_id,
            time,
            traceparent: confirmed.trace.map(Trace::to_traceparent),
            r#type: event_type.as_str(),
        }
    }
}

impl OrderEvent {
    /// The type.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Confirmed(_) => EventType::Confirmed,
            Self::Cancelled(_) => EventType::Cancelled,
        }
    }

    /// The order, as it was confirmed.
    #[must_use]
    pub fn confirmed(&self) -> &OrderConfirmed {
        match self {
            Self::Confirmed(event) => event,
            Self::Cancelled(event) => &event.confirmed,
        }
    }

    /// The order's id.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        self.confirmed().order_id
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Confirmed(event) => event.to_json(),
            Self::Cancelled(event) => event.to_json(),
        }
    }

    /// Reads an event of any type and version. Ignores fields that a later version added.
    pub fn from_json(text: &str) -> Result<Self, EventError> {
        let document = json_document::parse(text.as_bytes()).map_err(|error| malformed(error.to_string()))?;
        let event_type = document.get("type").and_then(Value::as_str);
        let event_type = EventType::parse(event_type.ok_or_else(|| malformed("the event has no type"))?)?;
        if document.get("specversion").and_then(Value::as_str) != Some("1.0") {
            return Err(malformed("specversion is not 1.0"));
        }
        let data = document.get("data").ok_or_else(|| malformed("data is missing"))?;
        let confirmed = OrderConfirmed::from_document(&document, data)?;
        Ok(match event_type {
            EventType::Confirmed => Self::Confirmed(confirmed),
            EventType::Cancelled => Self::Cancelled(OrderCancelled {
                confirmed,
                cancelled_at: parsed(data, "cancelled_at")?,
            }),
        })
    }
}

/// A field of the event's data as a `T`.
fn parsed<T: FromStr<Err: Display>>(data: &Value<'_>, name: &str) -> Result<T, EventError> {
    let text = data.get(name).and_then(Value::as_str);
    let text = text.ok_or_else(|| malformed(format!("data/{name} is missing")))?;
    text.parse()
        .map_err(|error| malformed(format!("data/{name}: {error}")))
}

fn malformed(reason: impl Into<String>) -> EventError {
    EventError::Malformed(reason.into())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const GOLDEN: &str = include_str!("../golden/event-v1.json");

    /// A document without spaces, each object's fields sorted by name.
    fn sorted(document: &str) -> String {
        serde_json::from_str::<Value>(document).unwrap().to_string()
    }

    const GOLDEN_TRACED: &str = include_str!("../golden/event-v1-traced.json");

    #[test]
    fn an_event_of_version_1_stays_readable() {
        let event = OrderConfirmed::from_json(GOLDEN).unwrap();
        assert_eq!(event.order_id.short(), "4e5f6a7b");
        assert_eq!(event.trace, None);
        assert_eq!(event.to_json(), sorted(GOLDEN));
    }

    #[test]
    fn an_event_of_earlier_rules_is_read_whole() {
        let golden = include_str!("../golden/event-v1-earlier-rules.json");
        let event = OrderConfirmed::from_json(golden).unwrap();
        assert_eq!(event.to_json(), sorted(golden));
    }

    #[test]
    fn an_event_holds_reference_and_metadata() {
        let golden = include_str!("../golden/event-v1-reference.json");
        let event = OrderConfirmed::from_json(golden).unwrap();
        assert_eq!(event.order.metadata().len(), 2);
        assert_eq!(event.to_json(), sorted(golden));
    }

    #[test]
    fn an_event_of_a_cancellation_stays_readable_and_has_an_id_of_its_own() {
        let golden = include_str!("../golden/event-cancelled-v1.json");
        let event = OrderEvent::from_json(golden).unwrap();
        assert_eq!(event.to_json(), sorted(golden));
        let id = |document: &str| serde_json::from_str::<Value>(document).unwrap()["id"].clone();
        assert_ne!(id(golden), id(GOLDEN));
        let confirmed = OrderConfirmed::from_json(GOLDEN).unwrap();
        assert_eq!(event.confirmed(), &confirmed);
        assert_eq!(OrderConfirmed::from_json(golden), Err(EventError::UnknownType));
        assert_eq!(
            OrderEvent::from_json(&golden.replace(".v1\"", ".v2\"")),
            Err(EventError::UnknownVersion)
        );
        let error = OrderEvent::from_json(&golden.replace("\"cancelled_at\"", "\"at\"")).unwrap_err();
        assert_eq!(error.to_string(), "data/cancelled_at is missing");
    }

    #[test]
    fn fields_of_a_later_version_are_ignored() {
        let later = GOLDEN
            .replace("\"note\"", "\"gift\": true, \"note\"")
            .replace("\"quantity\": 2", "\"colour\": \"red\", \"quantity\": 2")
            .replace("\"data\": {", "\"data\": {\"cause\": \"x\", ");
        assert_eq!(
            OrderConfirmed::from_json(&later),
            OrderConfirmed::from_json(GOLDEN)
        );
    }

    #[test]
    fn a_trace_is_an_extension_of_the_event() {
        let traced = OrderConfirmed::from_json(GOLDEN_TRACED).unwrap();
        assert_eq!(traced.to_json(), sorted(GOLDEN_TRACED));
        assert_eq!(traced.trace.unwrap().id(), "67891233abcdef012345678912345678");
        let untraced = OrderConfirmed::from_json(GOLDEN).unwrap();
        assert_eq!(
            OrderConfirmed {
                trace: None,
                ..traced
            },
            untraced
        );
        let damaged = GOLDEN_TRACED.replace("00-6789", "zz-6789");
        assert_eq!(OrderConfirmed::from_json(&damaged), Ok(untraced));
    }

    #[test]
    fn an_error_says_why() {
        assert_eq!(
            OrderConfirmed::from_json(&GOLDEN.replace(".v1\"", ".v2\"")),
            Err(EventError::UnknownVersion)
        );
        for foreign in ["orders.order.confirmed.vx", "orders.order.shipped.v1"] {
            assert_eq!(
                OrderConfirmed::from_json(&GOLDEN.replace(TYPE, foreign)),
                Err(EventError::UnknownType)
            );
        }
        for (from, to) in [
            ("\"specversion\": \"1.0\"", "\"specversion\": \"2\""),
            ("\"data\"", "\"date\""),
            ("EUR", "ABC"),
        ] {
            let error = OrderConfirmed::from_json(&GOLDEN.replace(from, to)).unwrap_err();
            assert!(matches!(error, EventError::Malformed(_)), "{from}: {error}");
        }
    }
}
