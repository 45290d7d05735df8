//! The mark of an order whose message is a dead letter.

use std::time::Duration;

use order_core::OrderId;
use serde_json::json;
use timestamp::Timestamp;

use crate::attributes::{Attributes, RowError, parsed, text};
use crate::layout::attribute;

/// The version of the layout of a mark.
const SCHEMA_VERSION: u64 = 1;

/// The mark of an order whose message is a dead letter. It is in the table of claims, under a key of its own: an order without an
/// idempotency key has no claim, and a claim is never changed by a mark.
///
/// A stored row is stronger: it is read first, and then nobody asks for a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOrder {
    /// The order's id.
    pub order_id: OrderId,
    /// The reason's code.
    pub error_code: String,
    /// When the message became a dead letter.
    pub failed_at: Timestamp,
    /// When the API accepted the order.
    pub accepted_at: Timestamp,
}

impl FailedOrder {
    /// The partition key of an order's mark. No order id has this form.
    #[must_use]
    pub fn key(order_id: OrderId) -> String {
        format!("{PREFIX}{order_id}")
    }

    /// The mark's attributes. DynamoDB deletes it some time after `retention`, later than a claim of the order.
    #[must_use]
    pub fn to_attributes(&self, retention: Duration) -> Attributes {
        let expires_at = self.failed_at.as_offset_date_time() + retention;
        [
            (attribute::ORDER_ID, json!(Self::key(self.order_id))),
            (attribute::SCHEMA_VERSION, json!(SCHEMA_VERSION)),
            (attribute::ERROR_CODE, json!(self.error_code)),
            (attribute::FAILED_AT, json!(self.failed_at)),
            (attribute::ACCEPTED_AT, json!(self.accepted_at)),
            (attribute::EXPIRES_AT, json!(expires_at.unix_timestamp())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Reads a mark. Attributes that this version does not know are ignored.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, RowError> {
        let key = text(attributes, attribute::ORDER_ID)?;
        let order_id = key.strip_prefix(PREFIX).and_then(|id| id.parse().ok());
        Ok(Self {
            order_id: order_id
                .ok_or_else(|| RowError::new(attribute::ORDER_ID, "is not the key of a mark"))?,
            error_code: text(attributes, attribute::ERROR_CODE)?.to_owned(),
            failed_at: parsed(attributes, attribute::FAILED_AT)?,
            accepted_at: parsed(attributes, attribute::ACCEPTED_AT)?,
        })
    }
}

/// Begins the key of a mark.
const PREFIX: &str = "failed#";

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn mark() -> FailedOrder {
        FailedOrder {
            order_id: "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".parse().unwrap(),
            error_code: "invalid_item".to_owned(),
            failed_at: "2026-11-23T09:35:01.000Z".parse().unwrap(),
            accepted_at: "2026-11-23T09:35:00.123Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_mark_of_version_1_is_read_for_ever() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/failed-v1.json")).unwrap();
        assert_eq!(FailedOrder::from_attributes(&golden), Ok(mark()));
        assert_eq!(mark().to_attributes(30 * DAY), golden);
    }

    #[test]
    fn the_key_of_a_mark_is_no_order_id() {
        assert!(FailedOrder::key(mark().order_id).parse::<OrderId>().is_err());
    }

    #[test]
    fn a_damaged_mark_names_the_attribute() {
        for name in [
            attribute::ORDER_ID,
            attribute::ERROR_CODE,
            attribute::FAILED_AT,
            attribute::ACCEPTED_AT,
        ] {
            let mut damaged = mark().to_attributes(DAY);
            damaged.insert(name.to_owned(), json!(1));
            assert_eq!(
                FailedOrder::from_attributes(&damaged).unwrap_err().attribute,
                name
            );
        }
    }
}
