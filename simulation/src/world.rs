//! The simulated world: everything outside the services.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::Duration;

use order_core::OrderId;
use order_table::Attributes;
use queue_consumer::ports::Queue as QueueName;

use crate::history::History;
use crate::pipeline::Pipeline;
use crate::plan::{Plan, Service, Subscriber};
use crate::queue::{Delivery, Message, Queue};
use crate::rng::Rng;
use crate::rule::Rule;
use crate::schedule::{Schedule, TaskId};

/// The queues of a pipeline.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) source: Queue,
    pub(crate) retry: Queue,
    pub(crate) dead_letters: Queue,
}

impl Queues {
    pub(crate) fn get_mut(&mut self, name: QueueName) -> &mut Queue {
        match name {
            QueueName::Main => &mut self.source,
            QueueName::Retry => &mut self.retry,
            QueueName::DeadLetter => &mut self.dead_letters,
        }
    }

    pub(crate) fn get(&self, name: QueueName) -> &Queue {
        match name {
            QueueName::Main => &self.source,
            QueueName::Retry => &self.retry,
            QueueName::DeadLetter => &self.dead_letters,
        }
    }
}

/// A running invocation.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) pipeline: Pipeline,
    /// The queue of its batch.
    pub(crate) queue: QueueName,
    pub(crate) started: Duration,
    pub(crate) deadline: Duration,
    pub(crate) batch: Vec<Delivery>,
    /// Whether the deploy has updated its function's instance.
    pub(crate) is_updated: bool,
}

impl Invocation {
    /// Whether a service may start no more work: in the last fifth of the timeout, at least the last 2 seconds.
    pub(crate) fn is_late(&self, now: Duration) -> bool {
        now + self.margin() >= self.deadline
    }

    /// The time at the end in which no work starts.
    pub(crate) fn margin(&self) -> Duration {
        (self.deadline.saturating_sub(self.started) / 5).max(Duration::from_secs(2))
    }
}

/// The subscription of the topic of emails.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    pub(crate) is_confirmed: bool,
    /// When the last confirmation ended.
    pub(crate) ended: Option<Duration>,
}

/// How the table rejects a row that it never accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableRejection {
    /// It rejects only the row's statement.
    Statement,
    /// It rejects the whole call.
    Call,
}

/// A call of notifier to the table that can panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotifierCall {
    /// Reads rows.
    Read,
    /// Marks rows as notified.
    Mark,
}

/// The part of the world that changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rng: Rng,
    pub(crate) queues: BTreeMap<Pipeline, Queues>,
    pub(crate) rows: BTreeMap<OrderId, Attributes>,
    /// The reason's code in the mark of each order that has failed.
    pub(crate) failed: BTreeMap<OrderId, String>,
    pub(crate) subscription: Subscription,
    pub(crate) invocations: BTreeMap<TaskId, Invocation>,
    pub(crate) history: History,
    /// Orders that kill the process of order-worker that inserts them.
    pub(crate) killers: BTreeSet<OrderId>,
    /// Orders that kill the process of notifier that reads their row.
    pub(crate) killers_of_notifier: BTreeSet<OrderId>,
    /// Orders that make order-worker panic in a call to this service.
    pub(crate) panickers: BTreeMap<OrderId, Service>,
    /// Orders that make notifier panic in this call.
    pub(crate) panickers_of_notifier: BTreeMap<OrderId, NotifierCall>,
    /// Orders that the table rejects.
    pub(crate) rejected: BTreeMap<OrderId, TableRejection>,
    /// The invocation whose process a record kills now.
    pub(crate) killed: Option<TaskId>,
    /// The calls in flight of each invocation to each service.
    pub(crate) calls_in_flight: BTreeMap<(TaskId, Service), u32>,
    pub(crate) message_ids: u64,
    /// One line for each step, if the run is traced.
    pub(crate) trace: Option<Vec<String>>,
}

/// The whole simulated world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) schedule: Schedule,
    pub(crate) state: RefCell<State>,
}

impl World {
    pub(crate) fn new(plan: &Plan, is_traced: bool) -> Self {
        let queues = BTreeMap::from([
            (Pipeline::Orders, Queues::default()),
            (Pipeline::Notifications, Queues::default()),
        ]);
        let state = State {
            rng: Rng::from_seed(plan.seed),
            queues,
            rows: BTreeMap::new(),
            failed: BTreeMap::new(),
            subscription: Subscription {
                is_confirmed: !matches!(plan.subscriber, Subscriber::From(_)),
                ended: None,
            },
            invocations: BTreeMap::new(),
            history: History::default(),
            killers: BTreeSet::new(),
            killers_of_notifier: BTreeSet::new(),
            panickers: BTreeMap::new(),
            panickers_of_notifier: BTreeMap::new(),
            rejected: BTreeMap::new(),
            killed: None,
            calls_in_flight: BTreeMap::new(),
            message_ids: 0,
            trace: is_traced.then(Vec::new),
        };
        Self {
            plan: plan.clone(),
            schedule: Schedule::default(),
            state: RefCell::new(state),
        }
    }

    /// Whether the faults of the plan still occur.
    pub(crate) fn has_faults(&self) -> bool {
        self.schedule.now() < self.plan.faults_end()
    }

    /// Whether the running invocation runs the code that the deploy brings.
    pub(crate) fn is_updated(&self) -> bool {
        let state = self.state.borrow();
        let invocation = state.invocations.get(&self.schedule.running());
        invocation.is_some_and(|invocation| invocation.is_updated)
    }

    /// Adds a step to the trace, if the run is traced.
    pub(crate) fn trace<D: Display>(&self, what: impl FnOnce() -> D) {
        let mut state = self.state.borrow_mut();
        if let Some(trace) = &mut state.trace {
            let now = self.schedule.now().as_secs_f64();
            trace.push(format!(
                "{now:10.3} s  #{:<4} {}",
                self.schedule.running(),
                what()
            ));
        }
    }

    /// Records that a rule does not hold.
    pub(crate) fn report_violation(&self, rule: Rule, what: impl Display) {
        let now = self.schedule.now().as_secs_f64();
        let what = format!("{what} (at {now:.3} s, invocation #{})", self.schedule.running());
        self.state.borrow_mut().history.report_violation(rule, what);
    }

    /// Allows one repetition of the work on each message of an invocation.
    pub(crate) fn allow_repeats_of(&self, task: TaskId) {
        let state = &mut *self.state.borrow_mut();
        if let Some(invocation) = state.invocations.get(&task) {
            for delivery in &invocation.batch {
                state.history.allow_repeat(&delivery.first);
            }
        }
    }

    pub(crate) fn new_message_id(&self) -> String {
        let mut state = self.state.borrow_mut();
        state.message_ids += 1;
        format!("m{}", state.message_ids)
    }

    /// Sends a message to a pipeline's queue, and returns its id.
    pub(crate) fn send(
        &self,
        pipeline: Pipeline,
        body: String,
        attributes: crate::queue::Attributes,
    ) -> String {
        let id = self.new_message_id();
        let message = Message {
            id: id.clone(),
            origin: id.clone(),
            first: id.clone(),
            sent_at: self.schedule.now(),
            body,
            attributes,
            visible_at: self.schedule.now(),
            receives: 0,
        };
        self.with_queues(pipeline, |queues| queues.source.push(message));
        id
    }

    /// Calls `work` with a pipeline's queues.
    pub(crate) fn with_queues<T>(&self, pipeline: Pipeline, work: impl FnOnce(&mut Queues) -> T) -> T {
        work(self.state.borrow_mut().queues.entry(pipeline).or_default())
    }
}
