//! A run, from the first message to rest, and through the replay to rest again.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use order_core::{OrderId, OrderMessage};

use crate::checks::rest;
use crate::function::Functions;
use crate::ledger::Content;
use crate::plan::{Plan, Subscriber};
use crate::queue::Message;
use crate::rule::{Rule, Violation};
use crate::schedule::Event;
use crate::traffic::{self, Prepared};
use crate::world::{Line, World};

/// The most events of a run. One that takes more never comes to rest.
const MAX_EVENTS: u32 = 300_000;

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The rules that did not hold. None, if all is well.
    pub violations: Vec<Violation>,
    /// Rows at the end.
    pub rows: usize,
    /// Emails that were handed over.
    pub emails: usize,
    /// Dead letters that were left at the first rest, before the replay.
    pub dead_letters: usize,
    /// Events that it took.
    pub events: u32,
    /// How long it took, in the world's own time.
    pub duration: Duration,
    /// What happened, a line a step, if the run was traced.
    pub trace: Vec<String>,
}

/// Plays a plan. `is_traced` keeps what happens.
#[must_use]
pub fn run(plan: &Plan, is_traced: bool) -> Report {
    let world = Rc::new(World::new(plan, is_traced));
    let mut run = Run {
        functions: Functions::new(&world),
        prepared: traffic::prepare(&world),
        polls: BTreeMap::new(),
        events: 0,
        world,
    };
    run.subscriptions();
    run.world.schedule.at(plan.calm_from(), Event::Calm);
    run.until_rest();
    rest::check(&run.world);
    let dead_letters = run.dead_letters();
    let before = run.world.state.borrow().rows.clone();
    run.replay();
    run.until_rest();
    rest::check(&run.world);
    rest::check_replayed(&run.world, &before);

    let duration = run.world.schedule.now();
    let state = &mut *run.world.state.borrow_mut();
    Report {
        violations: std::mem::take(&mut state.ledger.violations),
        rows: state.rows.len(),
        emails: state.ledger.emails.len(),
        dead_letters,
        events: run.events,
        duration,
        trace: state.trace.take().unwrap_or_default(),
    }
}

struct Run {
    world: Rc<World>,
    functions: Functions,
    prepared: Vec<Prepared>,
    /// When each mapping looks for messages next.
    polls: BTreeMap<Line, Duration>,
    events: u32,
}

impl Run {
    fn subscriptions(&self) {
        let at = |second: u32, is_confirmed| {
            self.world.schedule.at(
                Duration::from_secs(second.into()),
                Event::Subscription(is_confirmed),
            );
        };
        match self.world.plan.subscriber {
            Subscriber::Always => {}
            Subscriber::From(second) => at(second, true),
            Subscriber::Not(from, until) => {
                at(from, false);
                at(until.max(from), true);
            }
        }
    }

    fn until_rest(&mut self) {
        let most = self.events + MAX_EVENTS;
        self.schedule_polls();
        while let Some(event) = self.world.schedule.next() {
            self.events += 1;
            if self.events > most {
                self.world.breaks(Rule::ComesToRest, "it goes on and on");
                return;
            }
            self.happen(event);
            self.schedule_polls();
        }
        for line in [Line::Orders, Line::Notifications] {
            if !self.world.queue(line, |queues| queues.source.messages.is_empty()) {
                self.world
                    .breaks(Rule::ComesToRest, format!("{line:?} is not empty"));
            }
        }
    }

    fn happen(&mut self, event: Event) {
        let now = self.world.schedule.now();
        match event {
            Event::Wake(task, waker) => {
                waker.wake();
                self.functions.poll(task);
            }
            Event::Deadline(task) => self.functions.time_out(task),
            Event::Poll(line) => {
                self.polls.retain(|_, at| *at > now);
                self.functions.invoke(line);
            }
            Event::Calm => {}
            Event::Send(index) => self.send(index),
            Event::Notify(event) => {
                self.world
                    .send(Line::Notifications, event, crate::queue::Attributes::new());
            }
            Event::Subscription(is_confirmed) => {
                let subscription = &mut self.world.state.borrow_mut().subscription;
                if subscription.is_confirmed && !is_confirmed {
                    subscription.ended = Some(now);
                }
                subscription.is_confirmed = is_confirmed;
            }
        }
    }

    fn send(&self, index: usize) {
        let Some(prepared) = self.prepared.get(index) else {
            return;
        };
        let id = self
            .world
            .send(prepared.line, prepared.body.clone(), prepared.attributes.clone());
        let ledger = &mut self.world.state.borrow_mut().ledger;
        if let Some(content) = &prepared.content {
            if let Content::Order(message) = content {
                ledger.messages_of_orders.insert(id.clone(), message.order_id);
            }
            ledger.accepted.insert(id, content.clone());
        }
    }

    /// Each mapping looks for messages soon after there are some and a process is idle.
    fn schedule_polls(&mut self) {
        let now = self.world.schedule.now();
        let idle = self.world.plan.setup.idle_milliseconds;
        for line in [Line::Orders, Line::Notifications] {
            if !self.functions.has_idle(line) {
                continue;
            }
            let Some(visible) = self.world.queue(line, |queues| queues.source.next_visible()) else {
                continue;
            };
            let soon = visible.max(now);
            // What was scheduled for later may be too late now.
            if self
                .polls
                .get(&line)
                .is_none_or(|at| *at > soon + Duration::from_secs(1))
            {
                let at = soon + self.world.state.borrow_mut().chance.milliseconds(1, idle);
                self.polls.insert(line, at);
                self.world.schedule.at(at, Event::Poll(line));
            }
        }
    }

    fn dead_letters(&self) -> usize {
        let state = self.world.state.borrow();
        state
            .queues
            .values()
            .map(|queues| queues.dead_letters.messages.len())
            .sum()
    }

    /// Sends every dead letter through again, as after a repair: nothing kills or panics any more.
    fn replay(&self) {
        {
            let state = &mut *self.world.state.borrow_mut();
            state.killers.clear();
            state.killers_of_notifier.clear();
            state.panickers.clear();
            state.panickers_of_notifier.clear();
        }
        for line in [Line::Orders, Line::Notifications] {
            let letters = self
                .world
                .queue(line, |queues| std::mem::take(&mut queues.dead_letters.messages));
            for letter in letters.into_values() {
                let id = self.world.new_message_id();
                if let Ok(message) = OrderMessage::from_json(&letter.body) {
                    let order: OrderId = message.order_id;
                    let ledger = &mut self.world.state.borrow_mut().ledger;
                    ledger.messages_of_orders.insert(id.clone(), order);
                }
                let message = Message {
                    id,
                    receives: 0,
                    visible_at: self.world.schedule.now(),
                    ..letter
                };
                self.world.queue(line, |queues| queues.source.push(message));
            }
        }
    }
}
