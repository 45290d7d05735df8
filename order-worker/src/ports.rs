//! The ports of the worker. Every call may fail as a whole or for single items, and a failed call may still have had its
//! effect.

use function_runtime::{Answers, CallError, Clock};
use order_core::{EventType, OrderId, Timestamp, Trace};
use order_table::Attributes;
use queue_consumer::marks::Marks;
use queue_consumer::ports::Queues;

/// The result of a consistent read of several rows. An order in neither list has no row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Read {
    /// The rows that exist.
    pub rows: Vec<Attributes>,
    /// The ids that the table did not read for lack of capacity.
    pub unprocessed: Vec<OrderId>,
}

/// The table of orders.
pub trait Table {
    /// The most rows of one [`Table::insert_batch`] or [`Table::cancel_batch`] (AWS: `BatchExecuteStatement`).
    const MAX_WRITES: usize = 25;
    /// The most ids of one [`Table::read_batch`] (AWS: `BatchGetItem`).
    const MAX_READS: usize = 100;

    /// Inserts up to 25 rows of distinct ids, each on its own. A row that exists fails with `DuplicateItem`.
    fn insert_batch(&self, rows: &[&Attributes]) -> impl Future<Output = Answers>;

    /// Marks up to 25 rows of distinct ids as cancelled, each on its own. A row that is cancelled, a tombstone and an id without an item
    /// stay as they are, and are no error.
    fn cancel_batch(&self, ids: &[OrderId], cancelled_at: Timestamp) -> impl Future<Output = Answers>;

    /// Reads up to 100 rows with a consistent read.
    fn read_batch(&self, ids: &[OrderId]) -> impl Future<Output = Result<Read, CallError>>;
}

/// An event to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The event, in JSON.
    pub event: String,
    /// Its type, which its message attribute `event_type` has.
    pub event_type: EventType,
    /// The message group of the order. SNS passes it on to standard queues.
    pub group_id: Option<String>,
    /// The trace of the order, which the event holds too.
    pub trace: Option<Trace>,
}

/// The topic of order events.
pub trait Events {
    /// The most events of one [`Events::publish_batch`] (AWS: `PublishBatch`).
    const MAX_EVENTS: usize = 10;
    /// The most bytes of one batch, attributes included.
    const MAX_BYTES: usize = 256 * 1024;

    /// Publishes up to 10 events of 256 KB together, each with the attribute `event_type`.
    fn publish_batch(&self, events: &[&Publication]) -> impl Future<Output = Answers>;
}

/// All ports as one type, so that the simulation can hold one state behind them.
pub trait Ports: Table + Events + Queues + Marks + Clock {}

impl<P: Table + Events + Queues + Marks + Clock> Ports for P {}
