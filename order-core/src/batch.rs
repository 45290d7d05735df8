//! A batch request: many orders in one document, each with an idempotency key of its own.

use json_document::Value;

use crate::fields::Fields;
use crate::id::IdempotencyKey;
use crate::order::door::Door;
use crate::order::{MAX_BODY_BYTES as MAX_ORDER_BYTES, Order};
use crate::pointer::Pointer;
use crate::violation::Violations;
use timestamp::Timestamp;

/// The most items of one batch request.
pub const MAX_BATCH_ITEMS: usize = 100;

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// One item of the document's array `entries`, parsed on its own: an error in it does not affect the other items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchItem {
    /// An order and its key.
    Valid {
        /// The key, as the header `Idempotency-Key` would carry it.
        key: IdempotencyKey,
        /// The order.
        order: Order,
    },
    /// Not an order with a key.
    Invalid {
        /// The key, if it could be read.
        key: Option<IdempotencyKey>,
        /// Why.
        error: BatchItemError,
    },
}

/// Why an item is not an order with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchItemError {
    /// It breaks rules. The pointers start at the top of the document.
    #[error("{0}")]
    Violations(Violations),
    /// Its order, written without spaces, is over the limit of an order.
    #[error("the order is over {MAX_ORDER_BYTES} bytes; split it")]
    TooLarge,
}

/// Reads `{"entries": [{"idempotency_key": "...", "order": {...}}, ...]}` with 1 to [`MAX_BATCH_ITEMS`] items, in their
/// order, by the rules of the moment `on`. Fails only if the document has no items to parse one by one.
pub fn parse<'a>(document: impl Into<Value<'a>>, on: Timestamp) -> Result<Vec<BatchItem>, Violations> {
    let mut violations = Violations::default();
    let document = document.into();
    let items = find_items(&document, &mut violations);
    match items {
        Some(items) if violations.is_empty() => Ok(items
            .iter()
            .enumerate()
            .map(|(index, value)| parse_item(value, index, on))
            .collect()),
        _ => Err(violations),
    }
}

fn find_items<'a>(document: &'a Value<'a>, violations: &mut Violations) -> Option<&'a [Value<'a>]> {
    let mut fields = Fields::of(document, Pointer::WHOLE, violations)?;
    let value = fields.required("entries", violations);
    fields.finish(violations);
    let Value::Array(items) = value? else {
        violations.push("/entries", "must be an array");
        return None;
    };
    if items.is_empty() || items.len() > MAX_BATCH_ITEMS {
        violations.push("/entries", format!("must have 1 to {MAX_BATCH_ITEMS} entries"));
        return None;
    }
    Some(items)
}

fn parse_item(value: &Value<'_>, index: usize, on: Timestamp) -> BatchItem {
    let mut violations = Violations::default();
    let entries = Pointer::At("/entries");
    let at = Pointer::Element(&entries, index);
    let (key, order) = parse_content(value, at, on, &mut violations);
    match (key, order) {
        (key, Some(Err(error))) if violations.is_empty() => BatchItem::Invalid { key, error },
        (Some(key), Some(Ok(order))) if violations.is_empty() => BatchItem::Valid { key, order },
        (key, _) => BatchItem::Invalid {
            key,
            error: BatchItemError::Violations(violations),
        },
    }
}

/// The key and the order, each if it could be read. Adds a violation for each that could not.
fn parse_content(
    value: &Value<'_>,
    at: Pointer<'_>,
    on: Timestamp,
    violations: &mut Violations,
) -> (Option<IdempotencyKey>, Option<Result<Order, BatchItemError>>) {
    let Some(mut fields) = Fields::of(value, at, violations) else {
        return (None, None);
    };
    let key = fields.required_text("idempotency_key", IdempotencyKey::parse, violations);
    let order = match fields.required("order", violations) {
        Some(value) if measure(value) > MAX_ORDER_BYTES => Some(Err(BatchItemError::TooLarge)),
        Some(value) => Order::parse(value, Door::Accept(on))
            .map_err(|wrong| violations.append(fields.pointer("order"), wrong))
            .ok()
            .map(Ok),
        None => None,
    };
    fields.finish(violations);
    (key, order)
}

/// The length of the value without spaces: white space in the body does not count.
fn measure(value: &Value<'_>) -> usize {
    // Its names are texts, so that it can be written.
    serde_json::to_string(value).map_or(usize::MAX, |text| text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn order() -> Value {
        json!({"customer": {"id": "c-42"}, "currency": "EUR", "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]})
    }

    fn listed(document: &Value) -> String {
        match parse(document, "2026-11-23T09:35:00.123Z".parse().unwrap()) {
            Err(violations) => format!("whole: {violations}"),
            Ok(items) => items
                .iter()
                .map(|item| match item {
                    BatchItem::Valid { key, .. } => format!("{}: valid\n", key.as_str()),
                    BatchItem::Invalid { key, error } => {
                        format!("{}: {error}\n", key.as_ref().map_or("-", IdempotencyKey::as_str))
                    }
                })
                .collect(),
        }
    }

    #[test]
    fn each_item_is_parsed_on_its_own() {
        let mut invalid = order();
        invalid["note"] = json!(7);
        let mut large = order();
        large["note"] = json!("x".repeat(MAX_ORDER_BYTES));
        let entries = json!([
            {"idempotency_key": "k-1", "order": order()},
            {"idempotency_key": "k-2", "order": invalid, "colour": "red"},
            {"idempotency_key": "two words", "order": order()},
            {"order": order()},
            {"idempotency_key": "k-6"},
            {"idempotency_key": 7, "order": 42},
            null,
            {"idempotency_key": "k-8", "order": large},
            {"idempotency_key": "\"k-9\"", "order": order()},
        ]);
        insta::assert_snapshot!(listed(&json!({ "entries": entries })), @r"
        k-1: valid
        k-2: /entries/1/order/note: must be a string; /entries/1/colour: is not a field here; the fields are idempotency_key, order
        -: /entries/2/idempotency_key: must be 1 to 255 visible ASCII characters, bare or as a quoted string
        -: /entries/3/idempotency_key: is required
        k-6: /entries/4/order: is required
        -: /entries/5/idempotency_key: must be a string; /entries/5/order: must be an object
        -: /entries/6: must be an object
        k-8: the order is over 65536 bytes; split it
        k-9: valid
        ");
    }

    #[test]
    fn a_document_without_items_fails_whole() {
        let too_many = vec![json!({}); MAX_BATCH_ITEMS + 1];
        let documents = [
            json!([]),
            json!({}),
            json!({"entries": {}}),
            json!({"entries": []}),
            json!({"entries": too_many}),
        ];
        let text: Vec<String> = documents.iter().map(listed).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        whole: /: must be an object
        whole: /entries: is required
        whole: /entries: must be an array
        whole: /entries: must have 1 to 100 entries
        whole: /entries: must have 1 to 100 entries
        ");
        assert!(
            listed(&json!({"entries": [{}], "mode": "all"})).starts_with("whole: /mode: is not a field here")
        );
    }
}
