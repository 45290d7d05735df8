//! The bodies of poison messages.

use order_core::{Order, OrderId, OrderMessage, Timestamp};
use serde_json::json;

use crate::journal::Poison;

/// The body of a poison message for a stored order; `None` if none can be made.
pub(super) fn poison_body(
    poison: Poison,
    order_id: OrderId,
    accepted_at: Timestamp,
    key: &str,
) -> Option<String> {
    match poison {
        Poison::Malformed => Some(malformed(key)),
        Poison::UnknownVersion => Some(unknown_version(key)),
        Poison::Conflict => conflict(order_id, accepted_at, key),
    }
}

/// A text that is not JSON.
fn malformed(key: &str) -> String {
    format!("poison {key}: no JSON")
}

/// A message of a schema version that does not exist.
fn unknown_version(key: &str) -> String {
    json!({"schema_version": 999, "poison": key}).to_string()
}

/// A valid message that carries another order under the id of a stored one.
fn conflict(order_id: OrderId, accepted_at: Timestamp, key: &str) -> Option<String> {
    let document = json!({
        "customer": {"id": "load-poison"}, "currency": "EUR", "note": format!("poison {key}"),
        "items": [{"sku": "POISON", "quantity": 1, "unit_price": "0.01"}],
    });
    // The document is valid: a test checks it. If a later rule refuses it, this kind of poison is left out.
    let order = Order::restore(&document).ok()?;
    Some(OrderMessage::new(order_id, accepted_at, order).to_json())
}

#[cfg(test)]
mod tests {
    use order_core::message::MessageError;

    use super::*;

    #[test]
    fn each_kind_fails_as_its_name_says() {
        let id = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".parse().unwrap();
        let accepted_at = "2026-11-23T09:35:00.000Z".parse().unwrap();
        let [malformed, unknown, conflict] = [Poison::Malformed, Poison::UnknownVersion, Poison::Conflict]
            .map(|poison| OrderMessage::from_json(&poison_body(poison, id, accepted_at, "k").unwrap()));
        assert!(
            matches!(malformed, Err(MessageError::Malformed(_))),
            "{malformed:?}"
        );
        assert_eq!(unknown, Err(MessageError::UnknownVersion(999)));
        assert_eq!(conflict.unwrap().order_id, id);
    }
}
