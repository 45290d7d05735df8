//! What the simulation remembers of a run, to judge it by.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use order_core::{OrderId, OrderMessage};

use crate::rule::{Rule, Violation};
use crate::schedule::TaskId;

/// What a message on the queue of orders is.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// An order that was accepted.
    Order(Box<OrderMessage>),
    /// What no code can read.
    Poison,
}

/// An email that was handed over.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) at: Duration,
    pub(crate) task: TaskId,
    /// Those that it lists, and of the others those that a mark has named since.
    pub(crate) orders: BTreeSet<OrderId>,
    /// How many orders it says that it covers.
    pub(crate) covers: usize,
    /// Whether the topic had a confirmed subscriber, now or within the time that one is believed in.
    pub(crate) is_heard: bool,
    /// Whether its sender was told that it was handed over.
    pub(crate) is_acknowledged: bool,
}

/// The facts of a run.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) violations: Vec<Violation>,
    /// What was put on the queue of orders, by message id.
    pub(crate) accepted: BTreeMap<String, Content>,
    /// The order of each message on the queue of orders, replays included.
    pub(crate) messages_of_orders: BTreeMap<String, OrderId>,
    /// How often a message may be worked on once more: its process died, an answer was lost, it was shown twice.
    pub(crate) excuses: BTreeMap<String, u32>,
    /// Published events by order.
    pub(crate) publications: BTreeMap<OrderId, u32>,
    /// Events whose publication an invocation was told of.
    pub(crate) publications_seen: BTreeSet<(TaskId, OrderId)>,
    /// Origins of letters whose burial an invocation was told of.
    pub(crate) burials_seen: BTreeSet<(TaskId, String)>,
    /// Messages whose letter an invocation tried to store.
    pub(crate) burials_asked: BTreeSet<(TaskId, String)>,
    /// The last refusal that order-worker was told for an order, or `timed_out` while it waits for an answer.
    pub(crate) refusals: BTreeMap<(TaskId, OrderId), &'static str>,
    /// Orders whose row an invocation of order-worker has read.
    pub(crate) rows_read: BTreeSet<(TaskId, OrderId)>,
    /// Letters by origin: how many.
    pub(crate) letters: BTreeMap<String, u32>,
    /// The last delay, in seconds, that an invocation asked for a message.
    pub(crate) delays: BTreeMap<(TaskId, String), u64>,
    /// Emails by notification id.
    pub(crate) emails: BTreeMap<String, Mail>,
    /// Attempts to send an email.
    pub(crate) attempts: Vec<Duration>,
    /// Who tried to tell of what.
    pub(crate) told: BTreeSet<(TaskId, OrderId)>,
    /// Marks that an invocation was told of.
    pub(crate) marks_seen: BTreeSet<(TaskId, OrderId)>,
    /// Marks of sent emails that were refused or unknown.
    pub(crate) marks_failed: BTreeMap<(TaskId, OrderId), u32>,
    /// Invocations in which a call panicked.
    pub(crate) panicked: BTreeSet<TaskId>,
    /// When an order was marked.
    pub(crate) marked: BTreeMap<OrderId, Duration>,
    /// How often a killer took a message's invocation down with it.
    pub(crate) harmed: BTreeMap<String, u32>,
}

impl Ledger {
    pub(crate) fn breaks(&mut self, rule: Rule, what: String) {
        self.violations.push(Violation { rule, what });
    }

    /// What order-worker is told about an order; nothing, if all is well.
    pub(crate) fn hear(&mut self, task: TaskId, order: OrderId, told: Option<&'static str>) {
        match told {
            Some(code) => self.refusals.insert((task, order), code),
            None => self.refusals.remove(&(task, order)),
        };
    }

    pub(crate) fn excuse(&mut self, message: &str) {
        *self.excuses.entry(message.to_owned()).or_default() += 1;
    }
}
