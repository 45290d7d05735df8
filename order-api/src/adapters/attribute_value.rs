//! DynamoDB's attribute values in the domain's neutral form.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use order_core::row::Attributes;
use serde_json::Value;

/// An item's attributes. Those of a type that no order has (sets, binary) are left out, as if they were missing: an
/// attribute that this code does not know may be anything.
#[expect(clippy::implicit_hasher, reason = "it is the SDK's own map")]
#[must_use]
pub fn attributes(item: HashMap<String, AttributeValue>) -> Attributes {
    item.into_iter()
        .filter_map(|(name, value)| Some((name, neutral(value)?)))
        .collect()
}

fn neutral(value: AttributeValue) -> Option<Value> {
    match value {
        AttributeValue::S(text) => Some(Value::String(text)),
        AttributeValue::N(number) => serde_json::from_str(&number).ok().map(Value::Number),
        AttributeValue::Bool(flag) => Some(Value::Bool(flag)),
        AttributeValue::Null(_) => Some(Value::Null),
        AttributeValue::L(values) => values
            .into_iter()
            .map(neutral)
            .collect::<Option<_>>()
            .map(Value::Array),
        AttributeValue::M(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| Some((name, neutral(value)?)));
            fields.collect::<Option<_>>().map(Value::Object)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use order_core::OrderRow;

    use super::*;

    /// The other direction, as order-worker stores a row.
    fn stored(value: Value) -> AttributeValue {
        match value {
            Value::String(text) => AttributeValue::S(text),
            Value::Number(number) => AttributeValue::N(number.to_string()),
            Value::Bool(flag) => AttributeValue::Bool(flag),
            Value::Null => AttributeValue::Null(true),
            Value::Array(values) => AttributeValue::L(values.into_iter().map(stored).collect()),
            Value::Object(fields) => AttributeValue::M(
                fields
                    .into_iter()
                    .map(|(name, value)| (name, stored(value)))
                    .collect(),
            ),
        }
    }

    #[test]
    fn a_stored_row_is_read() {
        let row: Attributes =
            serde_json::from_str(include_str!("../../../order-core/golden/row-v1.json")).unwrap();
        let mut item: HashMap<_, _> = row
            .clone()
            .into_iter()
            .map(|(name, value)| (name, stored(value)))
            .collect();
        item.insert(
            "tags".to_owned(),
            AttributeValue::Ss(vec!["from a later version".to_owned()]),
        );
        let read = attributes(item);
        assert_eq!(read, row);
        assert!(OrderRow::from_attributes(&read).is_ok());
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let item = HashMap::from([("n".to_owned(), AttributeValue::N("many".to_owned()))]);
        assert!(attributes(item).is_empty());
    }
}
