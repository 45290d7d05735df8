//! The world: all that lies outside the services, in one place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::time::Duration;

use order_core::OrderId;
use order_table::Attributes;

use crate::chance::Chance;
use crate::ledger::Ledger;
use crate::plan::{Plan, Service, Subscriber};
use crate::queue::{Delivery, Message, Queue, Receive};
use crate::rule::Rule;
use crate::schedule::{Schedule, TaskId};

/// A queue with its dead-letter queue and the function behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    /// Orders to order-worker.
    Orders,
    /// Notifications to notifier.
    Notifications,
}

/// A line's two queues.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) source: Queue,
    pub(crate) dead_letters: Queue,
}

/// An invocation under way.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) line: Line,
    pub(crate) started: Duration,
    pub(crate) deadline: Duration,
    pub(crate) batch: Vec<Delivery>,
}

impl Invocation {
    /// Whether it is so late that no more work is begun: in the last fifth of its time, and the last 2 seconds.
    pub(crate) fn is_late(&self, now: Duration) -> bool {
        let margin = (self.deadline.saturating_sub(self.started) / 5).max(Duration::from_secs(2));
        now + margin >= self.deadline
    }
}

/// The subscription of the topic of emails.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    pub(crate) is_confirmed: bool,
    /// When it was last taken away.
    pub(crate) ended: Option<Duration>,
}

/// How the table refuses a row that it will never take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its statement alone.
    Statement,
    /// The whole call.
    Call,
}

/// A call of notifier to the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotifierCall {
    /// To read rows.
    Read,
    /// To mark them.
    Mark,
}

/// What changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) chance: Chance,
    pub(crate) queues: BTreeMap<Line, Queues>,
    pub(crate) rows: BTreeMap<OrderId, Attributes>,
    pub(crate) subscription: Subscription,
    pub(crate) invocations: BTreeMap<TaskId, Invocation>,
    pub(crate) ledger: Ledger,
    /// Orders that kill the process.
    pub(crate) killers: BTreeSet<OrderId>,
    /// Orders that kill the process that tells of them.
    pub(crate) killers_of_notifier: BTreeSet<OrderId>,
    /// Orders that make the code panic in a call of this service.
    pub(crate) panickers: BTreeMap<OrderId, Service>,
    /// Orders that make the code of notifier panic in a call.
    pub(crate) panickers_of_notifier: BTreeMap<OrderId, NotifierCall>,
    /// Orders that the table refuses.
    pub(crate) refused: BTreeMap<OrderId, Refused>,
    /// The invocation whose process is to die now.
    pub(crate) killed: Option<TaskId>,
    pub(crate) message_ids: u64,
    /// One line a step, if the run is traced.
    pub(crate) trace: Option<Vec<String>>,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) schedule: Schedule,
    pub(crate) state: RefCell<State>,
}

impl World {
    pub(crate) fn new(plan: &Plan, is_traced: bool) -> Self {
        let queues = BTreeMap::from([
            (Line::Orders, Queues::default()),
            (Line::Notifications, Queues::default()),
        ]);
        let state = State {
            chance: Chance::seeded(plan.seed),
            queues,
            rows: BTreeMap::new(),
            subscription: Subscription {
                is_confirmed: !matches!(plan.subscriber, Subscriber::From(_)),
                ended: None,
            },
            invocations: BTreeMap::new(),
            ledger: Ledger::default(),
            killers: BTreeSet::new(),
            killers_of_notifier: BTreeSet::new(),
            panickers: BTreeMap::new(),
            panickers_of_notifier: BTreeMap::new(),
            refused: BTreeMap::new(),
            killed: None,
            message_ids: 0,
            trace: is_traced.then(Vec::new),
        };
        Self {
            plan: plan.clone(),
            schedule: Schedule::default(),
            state: RefCell::new(state),
        }
    }

    /// Writes a step down.
    pub(crate) fn note<D: Display>(&self, what: impl FnOnce() -> D) {
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

    /// Writes down that a rule does not hold.
    pub(crate) fn breaks(&self, rule: Rule, what: impl Display) {
        let now = self.schedule.now().as_secs_f64();
        let what = format!("{what} (at {now:.3} s, invocation #{})", self.schedule.running());
        self.state.borrow_mut().ledger.breaks(rule, what);
    }

    /// Every message of this invocation may be worked on once more.
    pub(crate) fn excuse_task(&self, task: TaskId) {
        let state = &mut *self.state.borrow_mut();
        if let Some(invocation) = state.invocations.get(&task) {
            for delivery in &invocation.batch {
                state.ledger.excuse(&delivery.id);
            }
        }
    }

    pub(crate) fn new_message_id(&self) -> String {
        let mut state = self.state.borrow_mut();
        state.message_ids += 1;
        format!("m{}", state.message_ids)
    }

    /// Puts a message on a line's queue.
    pub(crate) fn send(&self, line: Line, body: String, attributes: crate::queue::Attributes) -> String {
        let id = self.new_message_id();
        let message = Message {
            id: id.clone(),
            origin: id.clone(),
            body,
            attributes,
            visible_at: self.schedule.now(),
            receives: 0,
        };
        self.queue(line, |queues| queues.source.push(message));
        id
    }

    /// Works on a line's queues.
    pub(crate) fn queue<T>(&self, line: Line, work: impl FnOnce(&mut Queues) -> T) -> T {
        work(self.state.borrow_mut().queues.entry(line).or_default())
    }

    /// Receives a batch, and moves what was received often enough to the dead-letter queue.
    pub(crate) fn receive(&self, line: Line) -> Vec<Delivery> {
        let now = self.schedule.now();
        let setup = &self.plan.setup;
        let most = match line {
            Line::Orders => setup.orders_batch,
            Line::Notifications => setup.notifications_batch,
        };
        let is_faulty = now < self.plan.faults_end();
        let receive = Receive {
            most: most as usize,
            visibility: Duration::from_secs(setup.visibility.into()),
            max_receives: setup.max_receives,
            in_order: setup.in_order,
            duplicates: if is_faulty { self.plan.faults.duplicates } else { 0 },
        };
        let state = &mut *self.state.borrow_mut();
        let queues = state.queues.entry(line).or_default();
        let (shown, redriven) = queues.source.receive(now, receive, &mut state.chance);
        for mut message in redriven {
            message.visible_at = now;
            crate::checks::letters::redriven(&self.plan, &mut state.ledger, line, &message);
            queues.dead_letters.push(message);
        }
        for delivery in &shown {
            let hidden =
                queues.source.messages.values().any(|message| {
                    message.id == delivery.id && message.visible_at == now + receive.visibility
                });
            let worked_on = state
                .invocations
                .values()
                .any(|invocation| invocation.batch.iter().any(|earlier| earlier.id == delivery.id));
            let again = shown.iter().filter(|other| other.id == delivery.id).count() > 1;
            if !hidden || worked_on || again {
                state.ledger.excuse(&delivery.id);
            }
        }
        shown
    }
}
