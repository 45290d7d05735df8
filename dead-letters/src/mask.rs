//! Message bodies without personal data.
//!
//! Only the text of [`PUBLIC_FIELDS`] is shown. A field that a later version adds is hidden until it is added here.

use serde_json::Value;

/// The replacement of a hidden text.
const MASK: &str = "[hidden]";

/// Fields that hold no personal data. `name` is public below `items`, where it is a product's name; elsewhere it is a
/// person's.
const PUBLIC_FIELDS: [&str; 43] = [
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
    "status",
    "notified_at",
    "notification_id",
    "requested_at",
    "cancelled_at",
    // Of an email that SNS could not deliver. Its text has personal data, and its subject has none.
    "Type",
    "MessageId",
    "TopicArn",
    "Subject",
    "Timestamp",
    // Of the event of an upload that cover-resizer failed on. The key is an ISBN.
    "timestamp",
    "requestId",
    "functionArn",
    "condition",
    "eventName",
    "eventTime",
    "key",
    "eTag",
    "sequencer",
    "errorMessage",
    "errorType",
    "functionError",
];

/// Indents a body and hides its personal data.
#[must_use]
pub fn hide_personal_data(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => pretty(&hide(document, "", false)),
        // It may be a truncated document with personal data, so that only its shape is shown.
        _ => shape(body),
    }
}

/// Indents a body and hides nothing.
pub(super) fn indent_json(body: &str) -> String {
    match serde_json::from_str::<Value>(body) {
        Ok(document @ (Value::Object(_) | Value::Array(_))) => pretty(&document),
        _ => body.to_owned(),
    }
}

/// Formats a document for people.
pub(super) fn pretty(document: &Value) -> String {
    // A JSON value can always be serialized.
    serde_json::to_string_pretty(document).unwrap_or_else(|_| document.to_string())
}

fn hide(value: Value, field: &str, in_items: bool) -> Value {
    match value {
        Value::String(_) if PUBLIC_FIELDS.contains(&field) || (in_items && field == "name") => value,
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
                    // The caller chooses the names of metadata, so that no name makes a value public.
                    let known_name = if field == "metadata" { field } else { &name };
                    let hidden = hide(value, known_name, in_items && field != "metadata");
                    (name, hidden)
                })
                .collect(),
        ),
        other => other,
    }
}

/// Replaces letters by `x` and digits by `9`, so that the structure of a text stays visible.
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
    fn personal_data_is_hidden_and_other_fields_are_shown() {
        let body = r#"{"schema_version":1,"order_id":"0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b","order":{"customer":{"id":"c-1",
            "name":"Ada Example","email":"ada@example.com"},"note":"Leave it at number 7","coupon":"ADA50",
            "items":[{"sku":"TEA","name":"Assam tea","quantity":2,"unit_price":"12.50","for":"Bob"}],"currency":"EUR"}}"#;
        insta::assert_snapshot!(hide_personal_data(body), @r#"
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
        assert!(indent_json(body).contains("ada@example.com"));
    }

    #[test]
    fn a_message_that_asks_to_cancel_an_order_is_shown_as_it_is() {
        let body = include_str!("../../order-core/golden/message-v3.json");
        assert_eq!(hide_personal_data(body).matches(MASK).count(), 0);
        let event = include_str!("../../order-core/golden/event-cancelled-v1.json");
        assert!(hide_personal_data(event).contains("\"cancelled_at\": \"2026-11-23T10:00:01.000Z\""));
    }

    #[test]
    fn no_name_of_an_entry_makes_metadata_public() {
        let body = r#"{"order":{"reference":"R-1","metadata":{"id":"ada@example.com","total":"x"}}}"#;
        assert_eq!(hide_personal_data(body).matches(MASK).count(), 3);
    }

    #[test]
    fn a_body_that_is_no_document_shows_only_its_shape() {
        let cut_off = r#"{"customer":{"name":"Ada É. Exam"#;
        assert_eq!(hide_personal_data(cut_off), r#"{"xxxxxxxx":{"xxxx":"xxx x. xxxx"#);
        assert_eq!(hide_personal_data("\"ada@example.com\""), "\"xxx@xxxxxxx.xxx\"");
        assert_eq!(hide_personal_data("call 0171"), "xxxx 9999");
        assert_eq!(indent_json(cut_off), cut_off);
    }
}
