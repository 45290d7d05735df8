//! The event that an order is confirmed: a CloudEvents 1.0 envelope in JSON.

use serde_json::{Value, json};

use crate::id::OrderId;
use crate::json;
use crate::order::Order;
use crate::trace::Trace;
use timestamp::Timestamp;

/// `type` of the event, with its version.
pub const TYPE: &str = "orders.order.confirmed.v1";

/// The beginning of the types of all its versions. The version follows.
const ANY_VERSION: &str = "orders.order.confirmed.v";

/// `source` of the event.
pub const SOURCE: &str = "/orders";

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

/// Why an event cannot be read. The texts hold no values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Not JSON, or not in the form of an event.
    #[error("{0}")]
    Malformed(String),
    /// A version that this code does not know. A later version of the code reads it.
    #[error("the event's version is not known; this version of the code reads {TYPE}")]
    UnknownVersion,
    /// Another type of event.
    #[error("the event's type is not known; this version of the code reads {TYPE}")]
    UnknownType,
}

impl OrderConfirmed {
    /// The event in the structured JSON form of CloudEvents 1.0. The trace is its extension for distributed tracing, `traceparent`.
    /// <https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md>
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut event = json!({
            "specversion": "1.0",
            "id": self.order_id,
            "source": SOURCE,
            "type": TYPE,
            "subject": self.order_id,
            "time": self.confirmed_at,
            "datacontenttype": "application/json",
            "data": {
                "order_id": self.order_id,
                "accepted_at": self.accepted_at,
                "confirmed_at": self.confirmed_at,
                "order": self.order,
            },
        });
        if let Some(trace) = self.trace {
            event["traceparent"] = json!(trace.to_traceparent());
        }
        event.to_string()
    }

    /// Reads an event of any version. Ignores fields that a later version added.
    pub fn from_json(text: &str) -> Result<Self, EventError> {
        let document = json::parse(text.as_bytes()).map_err(|error| malformed(error.to_string()))?;
        match document.get("type").and_then(Value::as_str) {
            Some(TYPE) => {}
            Some(other) => {
                let version = other.strip_prefix(ANY_VERSION);
                let is_version = |version: &str| version.parse::<u64>().is_ok();
                return Err(if version.is_some_and(is_version) {
                    EventError::UnknownVersion
                } else {
                    EventError::UnknownType
                });
            }
            None => return Err(malformed("the event has no type")),
        }
        if document.get("specversion").and_then(Value::as_str) != Some("1.0") {
            return Err(malformed("specversion is not 1.0"));
        }
        let data = document.get("data").ok_or_else(|| malformed("data is missing"))?;
        let text = |name: &str| {
            data.get(name)
                .and_then(Value::as_str)
                .ok_or_else(|| malformed(format!("data/{name} is missing")))
        };
        let order = data
            .get("order")
            .ok_or_else(|| malformed("data/order is missing"))?;
        Ok(Self {
            order_id: text("order_id")?
                .parse()
                .map_err(|error| malformed(format!("data/order_id: {error}")))?,
            accepted_at: text("accepted_at")?
                .parse()
                .map_err(|error| malformed(format!("data/accepted_at: {error}")))?,
            confirmed_at: text("confirmed_at")?
                .parse()
                .map_err(|error| malformed(format!("data/confirmed_at: {error}")))?,
            order: Order::restore_known(order)
                .map_err(|violations| malformed(format!("data/order: {violations}")))?,
            // An event with another trace is still an order's event.
            trace: document
                .get("traceparent")
                .and_then(Value::as_str)
                .and_then(Trace::from_traceparent),
        })
    }
}

fn malformed(reason: impl Into<String>) -> EventError {
    EventError::Malformed(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = include_str!("../golden/event-v1.json");
    const GOLDEN_TRACED: &str = include_str!("../golden/event-v1-traced.json");

    #[test]
    fn an_event_of_version_1_stays_readable() {
        let event = OrderConfirmed::from_json(GOLDEN).unwrap();
        assert_eq!(event.order_id.short(), "4e5f6a7b");
        assert_eq!(event.trace, None);
        let written: Value = serde_json::from_str(&event.to_json()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(GOLDEN).unwrap());
    }

    #[test]
    fn an_event_of_earlier_rules_is_read_whole() {
        let golden = include_str!("../golden/event-v1-earlier-rules.json");
        let event = OrderConfirmed::from_json(golden).unwrap();
        let written: Value = serde_json::from_str(&event.to_json()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(golden).unwrap());
    }

    #[test]
    fn an_event_holds_reference_and_metadata() {
        let golden = include_str!("../golden/event-v1-reference.json");
        let event = OrderConfirmed::from_json(golden).unwrap();
        assert_eq!(event.order.metadata().len(), 2);
        let written: Value = serde_json::from_str(&event.to_json()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(golden).unwrap());
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
        let written: Value = serde_json::from_str(&traced.to_json()).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(GOLDEN_TRACED).unwrap());
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
