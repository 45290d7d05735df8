//! The accepted orders whose email is not sent yet, and that are not cancelled.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use order_core::OrderId;

use crate::journal::Poison;

/// An accepted order that is neither notified nor cancelled yet.
#[derive(Clone, Debug)]
pub(super) struct PendingOrder {
    pub(super) order_id: OrderId,
    /// Whether its row was seen.
    pub(super) is_confirmed: bool,
    /// The poison message to send once the row exists, and the key that it names. A conflict needs the row. The other kinds
    /// wait too, so that poison does not change the measured latencies.
    pub(super) poison: Option<(Poison, String)>,
}

/// The pending orders of a run.
#[derive(Debug, Default)]
pub(super) struct PendingOrders {
    /// The oldest first.
    pub(super) orders: RefCell<VecDeque<PendingOrder>>,
    /// Whether all orders are sent, so that no more are added.
    pub(super) is_complete: Cell<bool>,
}
