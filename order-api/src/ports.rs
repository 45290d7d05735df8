//! What the handler needs of the world. Tests put faults here.

use order_core::row::RowError;
use order_core::{Fingerprint, OrderId, OrderMessage, OrderRow, Timestamp};

/// The queue of accepted orders.
pub trait OrderQueue: Send + Sync {
    /// Enqueues the message durably. After an error it may still be in the queue, where order-worker tells copies
    /// apart.
    fn send(&self, message: &OrderMessage) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// The table of orders, read only.
pub trait OrderTable: Send + Sync {
    /// The stored order, read consistently; `None` when there is none.
    fn order(&self, id: OrderId) -> impl Future<Output = Result<Option<OrderRow>, TableError>> + Send;

    /// What a request that comes again is judged by; one try, since it only speeds up an answer that order-worker
    /// gives in any case. `None` when the order is not stored.
    fn acceptance(&self, id: OrderId) -> impl Future<Output = Result<Option<Acceptance>, TableError>> + Send;
}

/// How a stored order was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The fingerprint of what was accepted.
    pub fingerprint: Fingerprint,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

/// The queue did not confirm. For the log; never shown to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not confirm the message: {0}")]
pub struct QueueError(pub String);

/// The table could not be read. For the log; never shown to a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The call failed; the same call may succeed later.
    #[error("the table did not answer: {0}")]
    Unavailable(String),
    /// The row exists, and this version of the code cannot read it.
    #[error("the row cannot be read: {0}")]
    Unreadable(#[from] RowError),
}
