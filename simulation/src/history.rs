//! The history of a run. The checks compare the services' behavior with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use order_core::{EventType, OrderId, OrderMessage, Timestamp};

use crate::rule::{Rule, Violation};
use crate::schedule::TaskId;

/// The content of a message on the queue of orders.
#[derive(Debug, Clone)]
pub(crate) enum MessageContent {
    /// An order that the API accepted.
    Order(Box<OrderMessage>),
    /// A request to cancel an order.
    Cancellation(OrderId),
    /// A body that no code can parse.
    Poison,
}

/// An email that reached the topic.
#[derive(Debug, Clone)]
pub(crate) struct SentEmail {
    pub(crate) at: Duration,
    pub(crate) task: TaskId,
    /// The event of the orders that the email tells.
    pub(crate) about: EventType,
    /// The orders that the email names.
    pub(crate) orders: BTreeSet<OrderId>,
    /// Whether the topic had a confirmed subscriber, either then or so recently that notifier could still assume one.
    pub(crate) has_reader: bool,
    /// Whether the sender knows that the publish succeeded.
    pub(crate) is_acknowledged: bool,
}

/// Everything that the checks need to know of the past.
///
/// A set that is called `attempted` holds requests, and a set that is called `confirmed` holds those whose successful
/// answer reached the invocation.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) violations: Vec<Violation>,
    /// Every message that was sent to the queue of orders, by message id.
    pub(crate) accepted: BTreeMap<String, MessageContent>,
    /// The event that each first copy of a message on the queue of orders asks for, replayed messages included.
    pub(crate) event_of_message: BTreeMap<String, (OrderId, EventType)>,
    /// How many times the work on a message may be repeated: its process died, an answer was lost, or the queue delivered
    /// it twice.
    pub(crate) allowed_repeats: BTreeMap<String, u32>,
    /// How many times each event of an order reached the topic.
    pub(crate) publications: BTreeMap<(OrderId, EventType), u32>,
    pub(crate) confirmed_publications: BTreeSet<(TaskId, OrderId, EventType)>,
    /// Dead letters, by the id of the source message.
    pub(crate) attempted_dead_letters: BTreeSet<(TaskId, String)>,
    pub(crate) confirmed_dead_letters: BTreeSet<(TaskId, String)>,
    /// The messages that have a dead letter.
    pub(crate) dead_lettered: BTreeSet<String>,
    /// How many dead letters were stored for each first copy of a message.
    pub(crate) dead_letters: BTreeMap<String, u32>,
    /// The messages that an invocation tried to send again, by their bodies.
    pub(crate) attempted_retries: BTreeSet<(TaskId, String)>,
    /// The messages that an invocation has stored a next copy of, by their receipt handles.
    pub(crate) retried: BTreeSet<(TaskId, String)>,
    /// How many copies of a message an invocation has stored, less those whose originals were deleted, by body.
    pub(crate) stored_retries: BTreeMap<(TaskId, String), u32>,
    /// The reasons for which an invocation sent messages again, by body.
    pub(crate) retry_codes: BTreeMap<(TaskId, String), String>,
    /// The last error that order-worker got for an order, or `timed_out` while it waits for an answer.
    pub(crate) last_errors: BTreeMap<(TaskId, OrderId), &'static str>,
    /// The last error that order-worker got for an order as an answer. A call that waits, or that panicked, changes nothing here.
    pub(crate) answered_errors: BTreeMap<(TaskId, OrderId), &'static str>,
    /// Every error that an invocation of order-worker got as an answer, also for an order that it called for again without an error.
    pub(crate) errors_of_tasks: BTreeSet<(TaskId, &'static str)>,
    /// The orders whose row an invocation of order-worker has read.
    pub(crate) rows_read: BTreeSet<(TaskId, OrderId)>,
    /// The orders that an invocation of order-worker has read, and that were neither cancelled nor erased then.
    pub(crate) uncancelled_reads: BTreeSet<(TaskId, OrderId)>,
    /// The last delay, in seconds, that an invocation requested for a message.
    pub(crate) requested_delays: BTreeMap<(TaskId, String), u64>,
    /// Emails by notification id.
    pub(crate) emails: BTreeMap<String, SentEmail>,
    /// The times at which notifier tried to send an email.
    pub(crate) email_attempts: Vec<Duration>,
    /// The orders that an invocation tried to notify.
    pub(crate) attempted_notifications: BTreeMap<(TaskId, OrderId), Duration>,
    pub(crate) confirmed_marks: BTreeSet<(TaskId, OrderId)>,
    /// How many attempts to mark an order after its email failed, or have an unknown result.
    pub(crate) failed_marks: BTreeMap<(TaskId, OrderId), u32>,
    /// When each order was marked, as notified of each of its events.
    pub(crate) marked_at: BTreeMap<(OrderId, EventType), Duration>,
    /// When each order was cancelled, and its `cancelled_at`.
    pub(crate) cancelled: BTreeMap<OrderId, (Duration, Timestamp)>,
    /// When each order was erased.
    pub(crate) erased: BTreeMap<OrderId, Duration>,
    /// Invocations in which a call panicked.
    pub(crate) panicked_tasks: BTreeSet<TaskId>,
    /// How many times a message was in flight when another record of its batch killed the process.
    pub(crate) killed_with_another: BTreeMap<String, u32>,
}

impl History {
    pub(crate) fn report_violation(&mut self, rule: Rule, what: String) {
        self.violations.push(Violation { rule, what });
    }

    /// Records that order-worker calls for an order. Until its answer comes the call counts as timed out.
    pub(crate) fn record_start(&mut self, task: TaskId, order: OrderId) {
        self.last_errors.insert((task, order), "timed_out");
    }

    /// Records the answer that order-worker got for an order. `error` is `None` for success.
    pub(crate) fn record_answer(&mut self, task: TaskId, order: OrderId, error: Option<&'static str>) {
        self.errors_of_tasks.extend(error.map(|code| (task, code)));
        for errors in [&mut self.last_errors, &mut self.answered_errors] {
            match error {
                Some(code) => errors.insert((task, order), code),
                None => errors.remove(&(task, order)),
            };
        }
    }

    pub(crate) fn allow_repeat(&mut self, message: &str) {
        *self.allowed_repeats.entry(message.to_owned()).or_default() += 1;
    }
}
