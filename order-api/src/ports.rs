//! What the handler needs of the world. Tests put faults here.

use std::collections::HashMap;

use order_core::row::RowError;
use order_core::text::CustomerId;
use order_core::{Fingerprint, OrderId, OrderMessage, OrderRow, Timestamp};

/// The queue of accepted orders.
pub trait OrderQueue: Send + Sync {
    /// Enqueues the message durably. After an error it may still be in the queue, where order-worker tells copies
    /// apart.
    fn send(&self, message: &OrderMessage) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Enqueues messages, each by itself, in as few calls as their sizes allow. One answer a message, in their order.
    fn send_all(&self, messages: &[OrderMessage])
    -> impl Future<Output = Vec<Result<(), QueueError>>> + Send;
}

/// The table of orders, read only.
pub trait OrderTable: Send + Sync {
    /// The stored order, read consistently; `None` when there is none.
    fn order(&self, id: OrderId) -> impl Future<Output = Result<Option<OrderRow>, TableError>> + Send;

    /// What a request that comes again is judged by; one try, since it only speeds up an answer that order-worker
    /// gives in any case. `None` when the order is not stored.
    fn acceptance(&self, id: OrderId) -> impl Future<Output = Result<Option<Acceptance>, TableError>> + Send;

    /// The same for up to 100 orders, in one call and one try. Those that are not stored, and those that the table left
    /// out of its answer, are missing.
    fn acceptances(
        &self,
        ids: &[OrderId],
    ) -> impl Future<Output = Result<HashMap<OrderId, Acceptance>, TableError>> + Send;

    /// Up to `limit` orders of a customer, newest first, behind a position. The customer alone decides whose orders they
    /// are: a position that was another customer's leads to no other rows.
    fn by_customer(
        &self,
        customer: &CustomerId,
        after: Option<Position>,
        limit: u16,
    ) -> impl Future<Output = Result<Page, TableError>> + Send;
}

/// A place between two orders of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the order before it was accepted.
    pub accepted_at: Timestamp,
    /// The id of the order before it.
    pub order_id: OrderId,
}

/// Some of a customer's orders, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The orders; fewer than were asked for, even none, where the table ended its answer early.
    pub rows: Vec<OrderRow>,
    /// Where the next page starts; `None` when there is nothing behind this one.
    pub next: Option<Position>,
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
