//! DynamoDB's attribute values: strings are `S`, numbers `N`, lists `L`, maps `M`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use order_core::OrderId;
use serde_json::{Number, Value};

use crate::attributes::Attributes;
use crate::failed::FailedOrder;
use crate::layout::attribute;

/// An item or a key, as the SDK holds it.
pub type Item = HashMap<String, AttributeValue>;

/// The key of an order's row.
#[must_use]
pub fn key(order_id: OrderId) -> Item {
    Item::from([(
        attribute::ORDER_ID.to_owned(),
        AttributeValue::S(order_id.to_string()),
    )])
}

/// The key of an order's mark, in the table of claims.
#[must_use]
pub fn failed_key(order_id: OrderId) -> Item {
    Item::from([(
        attribute::ORDER_ID.to_owned(),
        AttributeValue::S(FailedOrder::key(order_id)),
    )])
}

/// The order id of an item or a key, if it holds one.
#[must_use]
pub fn order_id(item: &Item) -> Option<OrderId> {
    item.get(attribute::ORDER_ID)?.as_s().ok()?.parse().ok()
}

/// A JSON value as an attribute value.
#[must_use]
pub fn from_json(value: &Value) -> AttributeValue {
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

/// An item's attributes.
///
/// An attribute of a type that no row has (binary, sets, a number that JSON cannot hold) becomes null. The row's parser
/// ignores it where it does not know the attribute, and refuses it where it does. Leaving it out instead would make an
/// optional attribute of a wrong type look absent.
#[must_use]
pub fn to_attributes(item: Item) -> Attributes {
    item.into_iter()
        .map(|(name, value)| (name, to_json(value)))
        .collect()
}

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
    use crate::row::OrderRow;

    #[test]
    fn a_value_that_is_written_is_read_back() {
        let value = json!({"s": "t", "n": 12, "l": [1, "x", {"m": null, "b": true}]});
        assert_eq!(to_json(from_json(&value)), value);
        assert_eq!(from_json(&json!(12)), AttributeValue::N("12".to_owned()));
    }

    /// The golden row as DynamoDB holds it.
    fn item() -> Item {
        let row: Attributes = serde_json::from_str(include_str!("../golden/row-v1.json")).unwrap();
        row.into_iter()
            .map(|(name, value)| (name, from_json(&value)))
            .collect()
    }

    #[test]
    fn a_stored_row_is_read_beside_attributes_of_a_later_version() {
        let mut item = item();
        let row = to_attributes(item.clone());
        item.insert(
            "tags".to_owned(),
            AttributeValue::Ss(vec!["from a later version".to_owned()]),
        );
        let mut read = to_attributes(item);
        assert!(OrderRow::from_attributes(&read).is_ok());
        assert_eq!(read.remove("tags"), Some(Value::Null));
        assert_eq!(read, row);
    }

    #[test]
    fn an_attribute_of_a_wrong_type_is_refused_and_not_taken_for_absent() {
        for value in [
            AttributeValue::Ss(vec!["ada@example.com".to_owned()]),
            AttributeValue::N("many".to_owned()),
        ] {
            let mut item = item();
            item.insert(attribute::CUSTOMER_EMAIL.to_owned(), value);
            assert!(OrderRow::from_attributes(&to_attributes(item)).is_err());
        }
    }

    #[test]
    fn a_key_names_its_order() {
        let id: OrderId = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".parse().unwrap();
        assert_eq!(order_id(&key(id)), Some(id));
        assert_eq!(order_id(&Item::new()), None);
    }
}
