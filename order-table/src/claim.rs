//! A claim: the first order that was sent under an idempotency key.

use std::time::Duration;

use order_core::{Fingerprint, OrderId, OrderMessage};
use serde_json::json;
use timestamp::Timestamp;

use crate::attributes::{Attributes, RowError, parsed};
use crate::layout::attribute;

/// The version of the layout of a claim.
const SCHEMA_VERSION: u64 = 1;

/// The first order that was sent under an idempotency key. The id of the order follows from the caller and the key, so the id is the
/// key of the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The order's id.
    pub order_id: OrderId,
    /// The fingerprint that every further order under the key is compared with.
    pub fingerprint: Fingerprint,
    /// The time of the first request. Every answer about the order has it.
    pub accepted_at: Timestamp,
    /// Before this time the first request may still be under way: nobody knows yet whether its order is in the queue.
    pub in_doubt_until: Timestamp,
    /// When the queue refused the order, unless it has taken it since. The order may be there all the same.
    pub released_at: Option<Timestamp>,
}

impl Claim {
    /// The claim of an order whose request ends within `in_doubt`.
    #[must_use]
    pub fn of(message: &OrderMessage, in_doubt: Duration) -> Self {
        Self {
            order_id: message.order_id,
            fingerprint: message.fingerprint,
            accepted_at: message.accepted_at,
            in_doubt_until: Timestamp::new(message.accepted_at.as_offset_date_time() + in_doubt),
            released_at: None,
        }
    }

    /// Whether the first request may still be under way.
    #[must_use]
    pub fn is_in_doubt(&self, now: Timestamp) -> bool {
        self.released_at.is_none() && now < self.in_doubt_until
    }

    /// The claim's attributes. DynamoDB deletes it some time after `retention`.
    #[must_use]
    pub fn to_attributes(&self, retention: Duration) -> Attributes {
        let expires_at = self.accepted_at.as_offset_date_time() + retention;
        let mut attributes: Attributes = [
            (attribute::ORDER_ID, json!(self.order_id)),
            (attribute::SCHEMA_VERSION, json!(SCHEMA_VERSION)),
            (attribute::FINGERPRINT, json!(self.fingerprint.to_string())),
            (attribute::ACCEPTED_AT, json!(self.accepted_at)),
            (attribute::IN_DOUBT_UNTIL, json!(self.in_doubt_until)),
            (attribute::EXPIRES_AT, json!(expires_at.unix_timestamp())),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(released_at) = self.released_at {
            attributes.insert(attribute::RELEASED_AT.to_owned(), json!(released_at));
        }
        attributes
    }

    /// Reads a claim. Attributes that this version does not know are ignored.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, RowError> {
        Ok(Self {
            order_id: parsed(attributes, attribute::ORDER_ID)?,
            fingerprint: parsed(attributes, attribute::FINGERPRINT)?,
            accepted_at: parsed(attributes, attribute::ACCEPTED_AT)?,
            in_doubt_until: parsed(attributes, attribute::IN_DOUBT_UNTIL)?,
            released_at: attributes
                .contains_key(attribute::RELEASED_AT)
                .then(|| parsed(attributes, attribute::RELEASED_AT))
                .transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn claim() -> Claim {
        let message =
            OrderMessage::from_json(include_str!("../../order-core/golden/message-v1.json")).unwrap();
        Claim::of(&message, Duration::from_secs(10))
    }

    #[test]
    fn a_claim_of_version_1_is_read_for_ever() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/claim-v1.json")).unwrap();
        assert_eq!(Claim::from_attributes(&golden), Ok(claim()));
        assert_eq!(claim().to_attributes(30 * DAY), golden);
    }

    #[test]
    fn a_request_is_in_doubt_until_it_must_have_ended() {
        let claim = claim();
        assert!(claim.is_in_doubt(claim.accepted_at));
        assert!(!claim.is_in_doubt(claim.in_doubt_until));
    }

    #[test]
    fn a_request_that_the_queue_refused_is_in_doubt_no_more() {
        let claim = Claim {
            released_at: Some(claim().accepted_at),
            ..claim()
        };
        assert!(!claim.is_in_doubt(claim.accepted_at));
        assert_eq!(Claim::from_attributes(&claim.to_attributes(DAY)), Ok(claim));
    }

    #[test]
    fn a_damaged_claim_names_the_attribute() {
        for name in [
            attribute::ORDER_ID,
            attribute::FINGERPRINT,
            attribute::ACCEPTED_AT,
            attribute::IN_DOUBT_UNTIL,
            attribute::RELEASED_AT,
        ] {
            let mut damaged = claim().to_attributes(DAY);
            damaged.insert(name.to_owned(), json!(1));
            assert_eq!(Claim::from_attributes(&damaged).unwrap_err().attribute, name);
        }
    }
}
