//! What the notifier needs of the outside. A test puts faults here; [`crate::adapters`] puts AWS.
//!
//! Every call may fail, and may have had its effect although it failed: a lost response looks like any other error.

use std::collections::BTreeMap;

use order_core::OrderId;
use order_core::row::Notification;
use queue_consumer::ports::{Clock, Queues};

use crate::email::Email;

/// A call that did not succeed, by its operation and the service's error code. It holds no values of the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {reason}")]
pub struct CallError {
    /// The operation, such as `Publish`.
    pub operation: &'static str,
    /// The service's error code, or what kept the call from being answered.
    pub reason: String,
}

/// What the table knows of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The orders that have a row, and whether it is marked as notified.
    pub marked: BTreeMap<OrderId, bool>,
    /// The orders that the table did not come to. Ask again.
    pub unprocessed: Vec<OrderId>,
}

/// How the mark of one order went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marking {
    /// The row is marked, by this call or by an earlier one.
    Marked,
    /// Not marked, with the service's error code.
    Failed(String),
}

/// The table of orders.
pub trait Table {
    /// The most orders of one [`Table::read`] (a limit of `BatchGetItem`).
    const MAX_READS: usize = 100;

    /// The most orders of one [`Table::mark`] (a limit of `BatchExecuteStatement`).
    const MAX_MARKS: usize = 25;

    /// Reads, consistently, whether the orders are marked. No order is named twice.
    fn read(&self, orders: &[OrderId]) -> impl Future<Output = Result<Rows, CallError>>;

    /// Marks the orders as notified unless they are marked already; never makes a row. No order is named twice.
    /// The results are in the order of `orders`.
    fn mark(
        &self,
        orders: &[OrderId],
        mark: &Notification,
    ) -> impl Future<Output = Result<Vec<Marking>, CallError>>;
}

/// The topic whose subscribers are emailed.
pub trait Emails {
    /// How many subscribers have confirmed.
    fn confirmed_subscribers(&self) -> impl Future<Output = Result<u64, CallError>>;

    /// Hands an email over, in a single attempt: a second one would break the pace.
    fn publish(&self, email: &Email) -> impl Future<Output = Result<(), CallError>>;
}

/// All of the outside.
pub trait Ports: Table + Emails + Queues + Clock {}

impl<P: Table + Emails + Queues + Clock> Ports for P {}
