//! The receipt of an accepted order.

use order_core::{OrderId, OrderMessage, Timestamp};
use serde::Serialize;

/// The body of a 202, and a part of each accepted item of a batch.
#[derive(Debug, Serialize)]
pub(super) struct Receipt {
    order_id: OrderId,
    status: &'static str,
    total: String,
    currency: &'static str,
    accepted_at: Timestamp,
}

impl Receipt {
    pub(super) fn of(message: &OrderMessage) -> Self {
        Self {
            order_id: message.order_id,
            status: "accepted",
            total: message.order.total().decimal(),
            currency: message.order.currency().code(),
            accepted_at: message.accepted_at,
        }
    }

    pub(super) fn order_id(&self) -> OrderId {
        self.order_id
    }
}
