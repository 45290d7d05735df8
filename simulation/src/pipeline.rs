//! The two pipelines of the system.

use order_core::{OrderConfirmed, OrderId, OrderMessage};

/// A queue, its dead-letter queue, and the function that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pipeline {
    /// The queue of orders, which order-worker reads.
    Orders,
    /// The queue of notifications, which notifier reads.
    Notifications,
}

impl Pipeline {
    /// Parses the id of the order that a message is about.
    pub(crate) fn parse_order_id(self, body: &str) -> Option<OrderId> {
        match self {
            Self::Orders => OrderMessage::from_json(body).ok().map(|message| message.order_id),
            Self::Notifications => OrderConfirmed::from_json(body).ok().map(|event| event.order_id),
        }
    }
}
