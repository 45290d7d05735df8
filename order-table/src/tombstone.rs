//! The tombstone of an erased order.

use order_core::OrderId;
use order_core::text::CustomerId;
use serde_json::json;
use timestamp::Timestamp;

use crate::attributes::{Attributes, RowError, parsed, text};
use crate::layout::attribute;
use crate::row::OrderRow;

/// The version of the layout of a tombstone.
const SCHEMA_VERSION: u64 = 1;

/// The attribute `status` of a tombstone. No order has this status.
const STATUS: &str = "erased";

/// The remains of an erased order, under the key of its row: a message of the order that arrives later finds the key taken, and does
/// not bring the order back. It has no customer and nothing of the order's content, and it is in no index.
///
/// While an operator erases a customer it still has the customer's id, which keeps it in the index: an erasure that was interrupted finds
/// by it what it had begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The order's id.
    pub order_id: OrderId,
    /// When an operator erased the order.
    pub erased_at: Timestamp,
    /// Whose erasure is under way, if it is one of a customer.
    pub erasing: Option<CustomerId>,
}

impl Tombstone {
    /// The tombstone's attributes.
    #[must_use]
    pub fn to_attributes(&self) -> Attributes {
        let mut attributes: Attributes = [
            (attribute::ORDER_ID, json!(self.order_id)),
            (attribute::SCHEMA_VERSION, json!(SCHEMA_VERSION)),
            (attribute::STATUS, json!(STATUS)),
            (attribute::ERASED_AT, json!(self.erased_at)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(customer) = &self.erasing {
            attributes.insert(attribute::CUSTOMER_ID.to_owned(), json!(customer.as_str()));
            // The index has only items with its sort key. The time of acceptance is not kept.
            attributes.insert(attribute::ACCEPTED_AT.to_owned(), json!(self.erased_at));
        }
        attributes
    }

    /// Reads a tombstone. Attributes that this version does not know are ignored.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, RowError> {
        Ok(Self {
            order_id: parsed(attributes, attribute::ORDER_ID)?,
            erased_at: parsed(attributes, attribute::ERASED_AT)?,
            erasing: text(attributes, attribute::CUSTOMER_ID)
                .ok()
                .map(CustomerId::restore),
        })
    }
}

/// The item under the key of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// The order.
    Order(Box<OrderRow>),
    /// The tombstone of the order.
    Erased(Tombstone),
}

impl Stored {
    /// Whether these are the attributes of a tombstone.
    #[must_use]
    pub fn is_erased(attributes: &Attributes) -> bool {
        attributes.contains_key(attribute::ERASED_AT)
    }

    /// Reads an item of the table of orders.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, RowError> {
        if Self::is_erased(attributes) {
            Tombstone::from_attributes(attributes).map(Self::Erased)
        } else {
            OrderRow::from_attributes(attributes).map(|row| Self::Order(Box::new(row)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tombstone() -> Tombstone {
        Tombstone {
            order_id: "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".parse().unwrap(),
            erased_at: "2026-11-29T12:00:00.000Z".parse().unwrap(),
            erasing: None,
        }
    }

    #[test]
    fn a_tombstone_is_in_the_index_only_while_its_customer_is_erased() {
        let erasing = Tombstone {
            erasing: Some(CustomerId::restore("c-42")),
            ..tombstone()
        };
        let mut attributes = erasing.to_attributes();
        assert_eq!(Stored::from_attributes(&attributes), Ok(Stored::Erased(erasing)));
        assert_eq!(attributes.remove(attribute::CUSTOMER_ID), Some(json!("c-42")));
        assert!(attributes.remove(attribute::ACCEPTED_AT).is_some());
        assert_eq!(attributes, tombstone().to_attributes());
    }

    #[test]
    fn a_tombstone_of_version_1_is_read_for_ever() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/tombstone-v1.json")).unwrap();
        assert_eq!(Stored::from_attributes(&golden), Ok(Stored::Erased(tombstone())));
        assert_eq!(tombstone().to_attributes(), golden);
    }

    #[test]
    fn a_tombstone_has_nothing_of_the_order_and_no_key_of_the_index() {
        let names: Vec<String> = tombstone().to_attributes().into_keys().collect();
        assert_eq!(names, ["erased_at", "order_id", "schema_version", "status"]);
    }

    #[test]
    fn a_row_is_an_order_and_code_from_before_tombstones_refuses_one() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/row-v1.json")).unwrap();
        assert!(matches!(Stored::from_attributes(&golden), Ok(Stored::Order(_))));
        assert!(OrderRow::from_attributes(&tombstone().to_attributes()).is_err());
    }

    #[test]
    fn a_damaged_tombstone_names_the_attribute_and_is_never_an_order() {
        let row: Attributes = serde_json::from_str(include_str!("../golden/row-v1.json")).unwrap();
        for (mut damaged, name) in [
            (row, attribute::ERASED_AT),
            (tombstone().to_attributes(), attribute::ERASED_AT),
            (tombstone().to_attributes(), attribute::ORDER_ID),
        ] {
            damaged.insert(name.to_owned(), json!(1));
            assert_eq!(Stored::from_attributes(&damaged).unwrap_err().attribute, name);
        }
    }
}
