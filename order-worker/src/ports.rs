//! The outside as the worker sees it. Every call may fail whole or entry by entry.

use order_core::OrderId;
use order_core::row::Attributes;
use queue_consumer::ports::{Clock, Queues};
use queue_consumer::refusal::{Answers, Refusal};

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
    const MAX_INSERTS: usize = 25;
    /// The most ids of one [`Table::read_batch`] (AWS: `BatchGetItem`).
    const MAX_READS: usize = 100;

    /// Inserts up to 25 rows of distinct ids, each alone; one that exists is refused as `DuplicateItem`.
    fn insert_batch(&self, rows: &[&Attributes]) -> impl Future<Output = Answers>;

    /// Reads up to 100 rows, consistently.
    fn read_batch(&self, ids: &[OrderId]) -> impl Future<Output = Result<Read, Refusal>>;
}

/// The topic of order events.
pub trait Events {
    /// The most events of one [`Events::publish_batch`] (AWS: `PublishBatch`).
    const MAX_EVENTS: usize = 10;
    /// The most bytes of one batch, attributes included.
    const MAX_BYTES: usize = 256 * 1024;

    /// Publishes up to 10 events, in JSON, of 256 KB together, each with the attribute `event_type`.
    fn publish_batch(&self, events: &[&str]) -> impl Future<Output = Answers>;
}

/// All of the outside: one thing, so that a simulation can hold one state.
pub trait Ports: Table + Events + Queues + Clock {}

impl<P: Table + Events + Queues + Clock> Ports for P {}
