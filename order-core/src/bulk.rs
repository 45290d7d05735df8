//! Many orders in one document, each under an idempotency key of its own.

use serde_json::Value;

use crate::fields::Fields;
use crate::id::IdempotencyKey;
use crate::order::{MAX_BODY_BYTES as MAX_ORDER_BYTES, Order};
use crate::violation::Violations;

/// The most entries of one document.
pub const MAX_ENTRIES: usize = 100;

/// The largest request body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// One entry, read by itself: what is wrong with it says nothing about its neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An order and its key.
    Valid {
        /// The key, as the header `Idempotency-Key` would carry it.
        key: IdempotencyKey,
        /// The order.
        order: Order,
    },
    /// What is no order with a key.
    Wrong {
        /// The key, if that could be read.
        key: Option<IdempotencyKey>,
        /// What is wrong.
        error: EntryError,
    },
}

/// Why an entry is no order with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It breaks rules. The pointers lead from the top of the whole document.
    #[error("{0}")]
    Invalid(Violations),
    /// Its order, written without spaces, is larger than an order may be.
    #[error("the order is over {MAX_ORDER_BYTES} bytes; split it")]
    TooLarge,
}

/// Reads `{"entries": [{"idempotency_key": "...", "order": {...}}, ...]}` with 1 to [`MAX_ENTRIES`] entries, in their
/// order. Fails only when there are no entries to judge one by one.
pub fn parse(document: &Value) -> Result<Vec<Entry>, Violations> {
    let mut violations = Violations::default();
    let entries = entries(document, &mut violations);
    match entries {
        Some(entries) if violations.is_empty() => Ok(entries
            .iter()
            .enumerate()
            .map(|(index, value)| entry(value, index))
            .collect()),
        _ => Err(violations),
    }
}

fn entries<'a>(document: &'a Value, violations: &mut Violations) -> Option<&'a [Value]> {
    let mut fields = Fields::of(document, String::new(), violations)?;
    let value = fields.required("entries", violations);
    fields.finish(violations);
    let Value::Array(entries) = value? else {
        violations.push("/entries", "must be an array");
        return None;
    };
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        violations.push("/entries", format!("must have 1 to {MAX_ENTRIES} entries"));
        return None;
    }
    Some(entries)
}

fn entry(value: &Value, index: usize) -> Entry {
    let mut violations = Violations::default();
    let at = format!("/entries/{index}");
    let (key, order) = content(value, &at, &mut violations);
    match (key, order) {
        (key, Some(Err(error))) if violations.is_empty() => Entry::Wrong { key, error },
        (Some(key), Some(Ok(order))) if violations.is_empty() => Entry::Valid { key, order },
        (key, _) => Entry::Wrong {
            key,
            error: EntryError::Invalid(violations),
        },
    }
}

/// Key and order, each if it could be read; what could not is noted.
fn content(
    value: &Value,
    at: &str,
    violations: &mut Violations,
) -> (Option<IdempotencyKey>, Option<Result<Order, EntryError>>) {
    let Some(mut fields) = Fields::of(value, at.to_owned(), violations) else {
        return (None, None);
    };
    let key = fields.required_text("idempotency_key", IdempotencyKey::parse, violations);
    let order = match fields.required("order", violations) {
        Some(value) if written_length(value) > MAX_ORDER_BYTES => Some(Err(EntryError::TooLarge)),
        Some(value) => Order::parse(value)
            .map_err(|wrong| violations.append(&fields.pointer("order"), wrong))
            .ok()
            .map(Ok),
        None => None,
    };
    fields.finish(violations);
    (key, order)
}

/// The length of the value without spaces: what its neighbours' layout adds to the body does not count.
fn written_length(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn order() -> Value {
        json!({"customer": {"id": "c-42"}, "currency": "EUR", "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]})
    }

    fn listed(document: &Value) -> String {
        match parse(document) {
            Err(violations) => format!("whole: {violations}"),
            Ok(entries) => entries
                .iter()
                .map(|entry| match entry {
                    Entry::Valid { key, .. } => format!("{}: valid\n", key.as_str()),
                    Entry::Wrong { key, error } => {
                        format!("{}: {error}\n", key.as_ref().map_or("-", IdempotencyKey::as_str))
                    }
                })
                .collect(),
        }
    }

    #[test]
    fn each_entry_is_judged_by_itself() {
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
    fn what_holds_no_entries_fails_whole() {
        let too_many = vec![json!({}); MAX_ENTRIES + 1];
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
