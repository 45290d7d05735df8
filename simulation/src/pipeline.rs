//! The two pipelines of the system.

use order_core::{EventType, OrderEvent, OrderId, QueueMessage};

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
        self.parse_event(body).map(|(order_id, _)| order_id)
    }

    /// Parses the event that a message asks for, or is.
    pub(crate) fn parse_event(self, body: &str) -> Option<(OrderId, EventType)> {
        match self {
            Self::Orders => {
                let message = QueueMessage::from_json(body).ok()?;
                let event_type = match message {
                    QueueMessage::Order(_) => EventType::Confirmed,
                    QueueMessage::Cancellation(_) => EventType::Cancelled,
                };
                Some((message.order_id(), event_type))
            }
            Self::Notifications => {
                let event = OrderEvent::from_json(body).ok()?;
                Some((event.order_id(), event.event_type()))
            }
        }
    }
}
