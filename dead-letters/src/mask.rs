//! Showing a body without the personal data in it.
//!
//! What is known to be harmless is shown, everything else is hidden: a field that a later version adds is personal
//! until somebody says otherwise.

use serde_json::Value;

/// What stands for a hidden text.
const MASK: &str = "[hidden]";

/// Fields whose texts say nothing of a person. `name` is a product's name below `items`, and a person's elsewhere.
const HARMLESS: [&str; 21] = [
    "order_id",
    "fingerprint",
    "accepted_at",
    "confirmed_at",
    "schema_version",
    "currency",
    "total",
    "sku",
    "quantity",
    "unit_price",
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "error_code",
    "failed_at",
    "source_message_id",
    "receive_count",
];

/// The body, laid out, with personal data hidden.
pub(super) fn masked(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => pretty(&hide(document, "", false)),
        // It may be a document that is cut off, names and all: only its shape is shown.
        _ => shape(body),
    }
}

/// The body, laid out, with everything in it.
pub(super) fn revealed(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => pretty(&document),
        _ => body.to_owned(),
    }
}

/// A document for people to read.
pub(super) fn pretty(document: &Value) -> String {
    // A JSON value can always be written.
    serde_json::to_string_pretty(document).unwrap_or_else(|_| document.to_string())
}

fn hide(value: Value, field: &str, in_items: bool) -> Value {
    match value {
        Value::String(_) if HARMLESS.contains(&field) || (in_items && field == "name") => value,
        Value::String(_) => Value::String(MASK.to_owned()),
        Value::Array(values) => {
            let in_items = in_items || field == "items";
            Value::Array(
                values
                    .into_iter()
                    .map(|value| hide(value, field, in_items))
                    .collect(),
            )
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let hidden = hide(value, &name, in_items);
                    (name, hidden)
                })
                .collect(),
        ),
        other => other,
    }
}

/// Letters become `x`, digits `9`: where the brackets are can be seen, what they hold cannot.
fn shape(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            character if character.is_numeric() => '9',
            character if character.is_alphabetic() => 'x',
            character if character.is_ascii_punctuation() || character.is_whitespace() => character,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shows_what_it_is_and_hides_who_it_is_about() {
        let body = r#"{"schema_version":1,"order_id":"0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b","order":{"customer":{"id":"c-1",
            "name":"Ada Example","email":"ada@example.com"},"note":"Leave it at number 7","coupon":"ADA50",
            "items":[{"sku":"TEA","name":"Assam tea","quantity":2,"unit_price":"12.50","for":"Bob"}],"currency":"EUR"}}"#;
        insta::assert_snapshot!(masked(body), @r#"
        {
          "order": {
            "coupon": "[hidden]",
            "currency": "EUR",
            "customer": {
              "email": "[hidden]",
              "id": "c-1",
              "name": "[hidden]"
            },
            "items": [
              {
                "for": "[hidden]",
                "name": "Assam tea",
                "quantity": 2,
                "sku": "TEA",
                "unit_price": "12.50"
              }
            ],
            "note": "[hidden]"
          },
          "order_id": "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
          "schema_version": 1
        }
        "#);
        assert!(revealed(body).contains("ada@example.com"));
    }

    #[test]
    fn of_what_is_no_document_only_the_shape_is_shown() {
        let cut_off = r#"{"customer":{"name":"Ada É. Exam"#;
        assert_eq!(masked(cut_off), r#"{"xxxxxxxx":{"xxxx":"xxx x. xxxx"#);
        assert_eq!(masked("\"ada@example.com\""), "\"xxx@xxxxxxx.xxx\"");
        assert_eq!(masked("call 0171"), "xxxx 9999");
        assert_eq!(revealed(cut_off), cut_off);
    }
}
