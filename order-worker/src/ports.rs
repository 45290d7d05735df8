//! The outside as the worker sees it. Every call may fail whole or entry by entry, and a failure is its code alone:
//! messages of AWS may quote values.

use std::borrow::Cow;
use std::time::Duration;

use order_core::OrderId;
use order_core::row::Attributes;
use time::OffsetDateTime;

use crate::dead_letter::DeadLetter;

/// A call, or one entry of it, was refused or its outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// AWS's own code, or a word for what happened on the way (`timed_out`, `connection`, `no_answer`).
    pub code: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with this code.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into() }
    }
}

/// A batch call's answer: refused as a whole, or one answer an entry, in the order of the entries.
pub type Answers = Result<Vec<Result<(), Refusal>>, Refusal>;

/// What a consistent read of several rows found. What is in neither list does not exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// The rows that exist.
    pub rows: Vec<Attributes>,
    /// The ids that the table had no capacity to look for.
    pub unprocessed: Vec<OrderId>,
}

/// The table of orders.
pub trait Table {
    /// The most rows of one [`Table::insert_batch`] (AWS: `BatchExecuteStatement`).
    const MOST_INSERTS: usize = 25;
    /// The most ids of one [`Table::read_batch`] (AWS: `BatchGetItem`).
    const MOST_READS: usize = 100;

    /// Inserts up to 25 rows of distinct ids, each alone; one that exists is refused as `DuplicateItem`.
    fn insert_batch(&self, rows: &[&Attributes]) -> impl Future<Output = Answers>;

    /// Reads up to 100 rows, consistently.
    fn read_batch(&self, ids: &[OrderId]) -> impl Future<Output = Result<Read, Refusal>>;
}

/// The topic of order events.
pub trait Events {
    /// The most events of one [`Events::publish_batch`] (AWS: `PublishBatch`).
    const MOST_EVENTS: usize = 10;
    /// The most bytes of one batch, attributes included.
    const MOST_BYTES: usize = 256 * 1024;

    /// Publishes up to 10 events, in JSON, of 256 KB together, each with the attribute `event_type`.
    fn publish_batch(&self, events: &[&str]) -> impl Future<Output = Answers>;
}

/// How long a message stays hidden from other receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibilityChange {
    /// Of this receive.
    pub receipt_handle: String,
    /// From now on, in whole seconds.
    pub seconds: u32,
}

/// The queue of orders and its dead-letter queue.
pub trait Queues {
    /// The most entries of any batch call.
    const MOST_ENTRIES: usize = 10;
    /// The most bytes of one message, and of one batch of them: 1 MiB.
    const MOST_BYTES: usize = 1024 * 1024;

    /// Sends up to 10 dead letters of 1 MiB together to the dead-letter queue.
    fn bury(&self, letters: &[&DeadLetter]) -> impl Future<Output = Answers>;

    /// Changes the visibility of up to 10 messages in the queue of orders.
    fn change_visibility(&self, changes: &[VisibilityChange]) -> impl Future<Output = Answers>;

    /// Deletes up to 10 messages, by receipt handle, from the queue of orders.
    fn delete(&self, receipt_handles: &[&str]) -> impl Future<Output = Answers>;
}

/// Time.
pub trait Clock {
    /// The present moment.
    fn now(&self) -> OffsetDateTime;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}

/// All of the outside: one thing, so that a simulation can hold one state.
pub trait Ports: Table + Events + Queues + Clock {}

impl<P: Table + Events + Queues + Clock> Ports for P {}
