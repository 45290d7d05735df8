//! The ports of the handler. Tests put faults behind them.

use std::collections::HashMap;

use order_core::text::{CustomerId, Reference};
use order_core::{CancellationMessage, Fingerprint, Order, OrderId, OrderMessage, Timestamp, Trace};
use order_table::{Claim, FailedOrder, OrderRow, OrderStatus, RowError, Stored};

/// The queue of accepted orders.
pub trait OrderQueue: Send + Sync {
    /// Sends the message to the queue, with the trace of its request. After an error the message may still be in the queue;
    /// order-worker recognizes copies.
    fn send(
        &self,
        message: &OrderMessage,
        trace: Option<Trace>,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Sends a request to cancel an order, with the order if it is stored: both are then in one message group.
    fn send_cancellation(
        &self,
        message: &CancellationMessage,
        order: Option<&Order>,
        trace: Option<Trace>,
    ) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// Sends messages of one request, in as few calls as their sizes allow. Returns one answer per message, in their order.
    fn send_all(
        &self,
        messages: &[OrderMessage],
        trace: Option<Trace>,
    ) -> impl Future<Output = Vec<Result<(), QueueError>>> + Send;
}

/// The table of orders, read only.
pub trait OrderTable: Send + Sync {
    /// The stored order, or what remains of it, by a consistent read. `None` if there is neither.
    fn order(&self, id: OrderId) -> impl Future<Output = Result<Option<Stored>, TableError>> + Send;

    /// How a stored order was accepted, to compare with a request under the same idempotency key. One attempt, because the
    /// comparison only gives an early answer: order-worker compares in any case. `None` if the order is not stored.
    fn acceptance(&self, id: OrderId) -> impl Future<Output = Result<Option<Acceptance>, TableError>> + Send;

    /// The same for up to 100 orders, in one call and one attempt. Orders that are not stored, and orders that the table left out
    /// of its answer, are missing.
    fn acceptances(
        &self,
        ids: &[OrderId],
    ) -> impl Future<Output = Result<HashMap<OrderId, Acceptance>, TableError>> + Send;

    /// A page of a customer's orders. The customer alone decides whose orders these are, even if the position is from another
    /// customer's list.
    fn by_customer(&self, query: &CustomerQuery) -> impl Future<Output = Result<Page, TableError>> + Send;
}

/// The table of claims: which order was sent first under an idempotency key, and which orders are dead letters.
pub trait ClaimTable: Send + Sync {
    /// Claims the keys of up to 100 different orders, each by a conditional write and in one attempt. Returns one answer per claim, in
    /// their order. After an error the claim may have been written all the same.
    fn claim(&self, claims: &[Claim]) -> impl Future<Output = Vec<Result<Claimed, TableError>>> + Send;

    /// Ends the doubt about claims whose orders could not be sent to the queue, so that the next request sends them. In one attempt: a
    /// claim that is not released is in doubt a few seconds longer.
    fn release(&self, ids: &[OrderId], now: Timestamp)
    -> impl Future<Output = Result<(), TableError>> + Send;

    /// Takes a release back, after the queue has taken the orders. In one attempt: without it the orders look unaccepted until they
    /// are stored.
    fn resume(&self, ids: &[OrderId]) -> impl Future<Output = Result<(), TableError>> + Send;

    /// The claim and the mark of an order that is not stored, by one consistent read.
    fn unstored(&self, id: OrderId) -> impl Future<Output = Result<Unstored, TableError>> + Send;
}

/// The items of the table of claims about one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unstored {
    /// The claim of its key.
    pub claim: Option<Claim>,
    /// The mark that its message is a dead letter.
    pub failure: Option<FailedOrder>,
}

impl Unstored {
    /// Whether the order was accepted. A claim that was released is that of an order which the queue refused.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let is_claimed = |claim: &Claim| claim.released_at.is_none();
        self.failure.is_some() || self.claim.as_ref().is_some_and(is_claimed)
    }
}

/// The answer to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The claim was written: this request is the first under its key.
    First,
    /// An earlier request has claimed the key.
    Before(Claim),
}

/// Which orders of one customer a page holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerQuery {
    /// Whose orders.
    pub customer: CustomerId,
    /// Only orders that were accepted then or later.
    pub accepted_from: Option<Timestamp>,
    /// Only orders that were accepted before.
    pub accepted_to: Option<Timestamp>,
    /// Only orders of this status. The table reads the others too.
    pub status: Option<OrderStatus>,
    /// Only orders of this reference. The table reads the others too.
    pub reference: Option<Reference>,
    /// In which sequence.
    pub sort: Sort,
    /// The position behind which the page starts.
    pub after: Option<Position>,
    /// How many orders the table reads at most.
    pub limit: u16,
}

/// The sequence of a list, by the time of acceptance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// The newest order first.
    #[default]
    Newest,
    /// The oldest order first.
    Oldest,
}

impl CustomerQuery {
    /// Whether an order that was accepted then is in the range of times.
    #[must_use]
    pub fn includes(&self, accepted_at: Timestamp) -> bool {
        self.accepted_from.is_none_or(|from| from <= accepted_at)
            && self.accepted_to.is_none_or(|to| accepted_at < to)
    }
}

/// A position between two orders of one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When the order before it was accepted.
    pub accepted_at: Timestamp,
    /// The id of the order before it.
    pub order_id: OrderId,
}

/// Some of a customer's orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The orders. There may be fewer than `limit`, even none, if the table ended its answer early.
    pub rows: Vec<OrderRow>,
    /// The rows in between that this version of the code cannot read.
    pub unreadable: Vec<UnreadableRow>,
    /// Where the next page starts. `None` after the last page.
    pub next: Option<Position>,
}

/// A row of a list that this version of the code cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRow {
    /// The row's key, as it is stored.
    pub order_id: String,
    /// Why, for the log; no client sees it.
    pub error: RowError,
}

/// How a stored order was accepted, if that is still known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// The order is stored.
    Stored {
        /// The accepted order's fingerprint.
        fingerprint: Fingerprint,
        /// When it was accepted.
        accepted_at: Timestamp,
    },
    /// The order was erased.
    Erased,
}

/// The queue did not confirm the message. For the log; no client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue did not confirm the message: {0}")]
pub struct QueueError(pub String);

/// The table could not be read. For the log; no client sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The call failed. The same call may succeed later.
    #[error("the table did not answer: {0}")]
    Unavailable(String),
    /// The row exists, and this version of the code cannot read it.
    #[error("the row cannot be read: {0}")]
    Unreadable(#[from] RowError),
}
