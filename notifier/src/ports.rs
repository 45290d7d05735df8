//! The ports of notifier. Tests put faults behind them, `adapters` put AWS.
//!
//! Every call may fail, and a failed call may still have had its effect: a lost response looks like any other error.

use std::collections::BTreeMap;

use function_runtime::{Answers, CallError, Clock};
use order_core::{EventType, OrderId};
use order_table::{Notification, attribute};
use queue_consumer::marks::Marks;
use queue_consumer::ports::Queues;

use crate::email::Email;

/// The state of an order in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// A row that is not marked: nobody knows of an email about the order.
    Unmarked,
    /// A row that is marked as notified.
    Marked,
    /// A cancelled row: nobody knows of an email that says so.
    Cancelled,
    /// A cancelled row, which is marked: an email has said so.
    CancellationMarked,
    /// A tombstone: no email may be sent any more.
    Erased,
}

impl RowState {
    /// The state of an item, of which `has` says whether it has an attribute.
    ///
    /// A tombstone is erased whatever else it has: a version of this code from before tombstones may have marked it.
    pub fn of(has: impl Fn(&str) -> bool) -> Self {
        if has(attribute::ERASED_AT) {
            Self::Erased
        } else if has(attribute::CANCELLATION_NOTIFIED_AT) {
            Self::CancellationMarked
        } else if has(attribute::CANCELLED_AT) {
            Self::Cancelled
        } else if has(attribute::NOTIFIED_AT) {
            Self::Marked
        } else {
            Self::Unmarked
        }
    }
}

/// The result of a read of several orders. An order in neither list has neither a row nor a tombstone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The state of each order that the table knows.
    pub states: BTreeMap<OrderId, RowState>,
    /// The orders that the table did not read for lack of capacity.
    pub unprocessed: Vec<OrderId>,
}

/// The table of orders.
pub trait Table {
    /// The most orders of one [`Table::read`] (AWS: `BatchGetItem`).
    const MAX_READS: usize = 100;

    /// The most orders of one [`Table::mark`] (AWS: `BatchExecuteStatement`).
    const MAX_MARKS: usize = 25;

    /// Reads, with a consistent read, whether distinct orders are marked, cancelled or erased.
    fn read(&self, orders: &[OrderId]) -> impl Future<Output = Result<Rows, CallError>>;

    /// Marks distinct orders as notified of events of this type, unless they are marked or erased. An order that was cancelled meanwhile is
    /// not marked as confirmed any more: it stays cancelled. Never creates a row.
    fn mark(
        &self,
        orders: &[OrderId],
        about: EventType,
        mark: &Notification,
    ) -> impl Future<Output = Answers>;
}

/// The subscribers of the topic of the emails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscribers {
    /// Whether somebody has confirmed: an email reaches somebody.
    pub any_confirmed: bool,
    /// Whether the shop's own address has not confirmed, was suspended by SNS, or unsubscribed. False if no address is known.
    pub is_shop_missing: bool,
}

/// The topic whose subscribers receive the emails.
pub trait Emails {
    /// Reads the subscribers.
    fn subscribers(&self) -> impl Future<Output = Result<Subscribers, CallError>>;

    /// Publishes an email in a single attempt: a second attempt would exceed the rate.
    fn publish(&self, email: &Email) -> impl Future<Output = Result<(), CallError>>;
}

/// All ports as one type, so that the simulation can hold one state behind them.
pub trait Ports: Table + Emails + Queues + Marks + Clock {}

impl<P: Table + Emails + Queues + Marks + Clock> Ports for P {}
