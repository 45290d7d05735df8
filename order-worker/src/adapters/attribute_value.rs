//! A row's attributes as DynamoDB's: strings `S`, numbers `N`, lists `L`, maps `M`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use order_core::row::Attributes;
use serde_json::{Number, Value};

pub(super) fn from_json(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(from_json).collect()),
        Value::Object(fields) => AttributeValue::M(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), from_json(value)))
                .collect(),
        ),
    }
}

pub(super) fn to_attributes(item: HashMap<String, AttributeValue>) -> Attributes {
    item.into_iter()
        .map(|(name, value)| (name, to_json(value)))
        .collect()
}

/// A type that no row of ours holds (binary, sets) becomes null, which the row's own parser then refuses where it
/// matters.
fn to_json(value: AttributeValue) -> Value {
    match value {
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::N(digits) => digits.parse::<Number>().map_or(Value::Null, Value::Number),
        AttributeValue::S(text) => Value::String(text),
        AttributeValue::L(values) => Value::Array(values.into_iter().map(to_json).collect()),
        AttributeValue::M(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, to_json(value)))
                .collect(),
        ),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let value = json!({"s": "t", "n": 12, "l": [1, "x", {"m": null, "b": true}]});
        assert_eq!(to_json(from_json(&value)), value);
        assert_eq!(from_json(&json!(12)), AttributeValue::N("12".to_owned()));
    }
}
