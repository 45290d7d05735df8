//! The message group of an order in the queue: its customer's.
//!
//! A standard queue with message groups is a *fair queue*. When one group has a large part of the messages in flight, SQS delivers those
//! of the other groups first. So one customer's flood does not delay the orders of other customers.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>

use std::fmt::Write as _;
use std::str::FromStr;

use order_core::Order;
use sha2::{Digest, Sha256};

/// Which orders share a message group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageGroups {
    /// The orders of one customer.
    #[default]
    Customer,
    /// No order has a group.
    None,
}

/// The text names no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be CUSTOMER or NONE")]
pub struct MessageGroupsError;

impl FromStr for MessageGroups {
    type Err = MessageGroupsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            // A template from before this setting does not set it.
            "" | "CUSTOMER" => Ok(Self::Customer),
            "NONE" => Ok(Self::None),
            _ => Err(MessageGroupsError),
        }
    }
}

/// Keeps the digest apart from other digests of customer ids. It must not change, or a customer would have two groups for a while.
const CONTEXT: &[u8] = b"orders/message-group/customer/v1\0";

impl MessageGroups {
    /// The `MessageGroupId` of an order: the first 128 bits of a SHA-256 digest of its customer id, as 32 hexadecimal digits.
    ///
    /// SQS shows a group id in places that do not show the message, so it must not hold the customer id. The digest has no key. A key
    /// would hide the id from somebody who guesses ids, but whoever may receive the message reads the id in its body. And every change
    /// of a key would give each customer a second group.
    pub(crate) fn group_of(self, order: &Order) -> Option<String> {
        match self {
            Self::Customer => {
                let digest = Sha256::new()
                    .chain_update(CONTEXT)
                    .chain_update(order.customer().id.as_str())
                    .finalize();
                let mut group = String::new();
                for byte in &digest[..16] {
                    // Writing to a string cannot fail.
                    let _ = write!(group, "{byte:02x}");
                }
                Some(group)
            }
            Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn order(customer: &Value) -> Order {
        let mut order: Value = serde_json::from_str(include_str!("../../events/order-minimal.json")).unwrap();
        order["customer"] = customer.clone();
        Order::restore(&order).unwrap()
    }

    #[test]
    fn a_group_is_the_customers_and_stays_the_same() {
        let group = |customer: Value| MessageGroups::Customer.group_of(&order(&customer)).unwrap();
        // A constant, because orders of two versions of the code are in the queue at the same time.
        assert_eq!(
            group(json!({"id": "customer-1001"})),
            "e30a606a038b9df4507d4f030b5e1df0"
        );
        assert_eq!(
            group(json!({"id": "customer-1001"})),
            group(json!({"id": "customer-1001", "email": "ada@example.com", "name": "Ada Example"}))
        );
        assert_ne!(
            group(json!({"id": "customer-1001"})),
            group(json!({"id": "customer-1002"}))
        );
        assert_eq!(
            MessageGroups::None.group_of(&order(&json!({"id": "customer-1001"}))),
            None
        );
    }

    #[test]
    fn a_rule_is_read_by_its_name() {
        for text in ["", "CUSTOMER"] {
            assert_eq!(text.parse(), Ok(MessageGroups::Customer));
        }
        assert_eq!("NONE".parse(), Ok(MessageGroups::None));
        assert_eq!("customer".parse::<MessageGroups>(), Err(MessageGroupsError));
    }
}
