//! A run: the traffic until the world is idle, then the replay of all dead letters until it is idle again.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use queue_consumer::ports::Queue;

use crate::checks::idle::check_idle;
use crate::checks::replay::check_after_replay;
use crate::erasure::erase;
use crate::history::MessageContent;
use crate::lambda::functions::Functions;
use crate::pipeline::Pipeline;
use crate::plan::{Plan, Subscriber};
use crate::queue::{Attributes, Message};
use crate::rule::{Rule, Violation};
use crate::schedule::Event;
use crate::traffic::{self, Prepared};
use crate::versions;
use crate::world::{Queues, World};

/// The maximum number of events until the world is idle. A run that needs more never ends.
///
/// A message that is sent again for 24 hours has about 2,000 events. Each lost answer of a send makes another copy of it.
const MAX_EVENTS: u32 = 5_000_000;

/// The time that a run may need besides the faults and the retries of its messages.
const MAX_OTHER_TIME: Duration = Duration::from_hours(24);

/// The queues that event source mappings poll.
const SOURCES: [(Pipeline, Queue); 4] = [
    (Pipeline::Orders, Queue::Main),
    (Pipeline::Orders, Queue::Retry),
    (Pipeline::Notifications, Queue::Main),
    (Pipeline::Notifications, Queue::Retry),
];

/// The result of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The rules that did not hold. Empty if all held.
    pub violations: Vec<Violation>,
    /// The number of rows and tombstones at the end.
    pub rows: usize,
    /// The number of emails that reached the topic.
    pub emails: usize,
    /// The number of dead letters before the replay.
    pub dead_letters: usize,
    /// The number of events.
    pub events: u32,
    /// The duration, in simulated time.
    pub duration: Duration,
    /// One line for each step, if the run was traced.
    pub trace: Vec<String>,
}

impl Report {
    /// Describes each violation on a line of its own. Empty if all rules held.
    #[must_use]
    pub fn describe_violations(&self) -> String {
        let lines: Vec<String> = self.violations.iter().map(ToString::to_string).collect();
        lines.join("\n  ")
    }
}

/// Plays a plan. `is_traced` keeps the steps in [`Report::trace`].
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
    run.schedule_subscriptions();
    run.world.schedule.at(plan.all_faults_end(), Event::FaultsEnd);
    run.run_until_idle();
    check_idle(&run.world);
    let dead_letters = run.count_dead_letters();
    let before = run.world.state.borrow().rows.clone();
    run.replay();
    run.run_until_idle();
    check_idle(&run.world);
    check_after_replay(&run.world, &before);

    let duration = run.world.schedule.now();
    let state = &mut *run.world.state.borrow_mut();
    Report {
        violations: std::mem::take(&mut state.history.violations),
        rows: state.rows.len(),
        emails: state.history.emails.len(),
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
    /// When each event source mapping polls next.
    polls: BTreeMap<(Pipeline, Queue), Duration>,
    events: u32,
}

impl Run {
    fn schedule_subscriptions(&self) {
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

    /// Whether a message waits in a queue that is polled, or is in flight.
    fn has_messages(&self) -> bool {
        SOURCES.iter().any(|(pipeline, queue)| {
            let next = |queues: &mut Queues| queues.get(*queue).next_visible();
            self.world.with_queues(*pipeline, next).is_some()
        })
    }

    /// The maximum simulated time until the world is idle. An order may be tried as long as messages are, and then its event, too.
    fn max_duration(&self) -> Duration {
        let plan = &self.world.plan;
        let seconds = plan.traffic.seconds + 2 * plan.setup.max_retry_seconds;
        plan.all_faults_end() + Duration::from_secs(seconds.into()) + MAX_OTHER_TIME
    }

    /// Runs until no event is left.
    fn run_until_idle(&mut self) {
        let max_events = self.events + MAX_EVENTS;
        let deadline = self.world.schedule.now() + self.max_duration();
        self.schedule_polls();
        while let Some(event) = self.world.schedule.take_next() {
            self.events += 1;
            // The answer of a call that never ends comes in a year, when nobody waits for it.
            let is_late = self.world.schedule.now() > deadline && self.has_messages();
            if self.events > max_events || is_late {
                self.world
                    .report_violation(Rule::BecomesIdle, "the run does not end");
                return;
            }
            self.process(event);
            self.schedule_polls();
        }
        for (pipeline, queue) in SOURCES {
            let is_empty = |queues: &mut Queues| queues.get(queue).messages.is_empty();
            if !self.world.with_queues(pipeline, is_empty) {
                self.world
                    .report_violation(Rule::BecomesIdle, format!("{pipeline:?} {queue:?} is not empty"));
            }
        }
    }

    fn process(&mut self, event: Event) {
        let now = self.world.schedule.now();
        match event {
            Event::Wake(task, waker) => {
                waker.wake();
                self.functions.poll(task);
            }
            Event::Deadline(task) => self.functions.time_out(task),
            Event::Poll(pipeline, queue) => {
                self.polls.retain(|_, at| *at > now);
                self.functions.invoke(pipeline, queue);
            }
            Event::FaultsEnd => {}
            Event::Send(index) => self.send_prepared(index),
            Event::Notify(event) => {
                self.world.send(Pipeline::Notifications, event, Attributes::new());
            }
            Event::Erase(order) => {
                self.world.trace(|| format!("{order} is erased"));
                erase(&self.world, order);
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

    fn send_prepared(&self, index: usize) {
        let Some(prepared) = self.prepared.get(index) else {
            return;
        };
        let is_order = matches!(prepared.content, Some(MessageContent::Order(_)));
        let body = if is_order && self.is_sent_by_new_code() {
            versions::write(prepared.pipeline, &prepared.body)
        } else {
            prepared.body.clone()
        };
        let id = self
            .world
            .send(prepared.pipeline, body, prepared.attributes.clone());
        let history = &mut self.world.state.borrow_mut().history;
        if let Some(content) = &prepared.content {
            if let Some(event) = prepared.pipeline.parse_event(&prepared.body) {
                history.event_of_message.insert(id.clone(), event);
            }
            history.accepted.insert(id, content.clone());
        }
    }

    /// Draws whether order-api, which also has instances of both versions during a deploy, sends a message by new code.
    fn is_sent_by_new_code(&self) -> bool {
        let now = self.world.schedule.now();
        let rng = &mut self.world.state.borrow_mut().rng;
        versions::draw_update(self.world.plan.deploy.as_ref(), rng).is_some_and(|at| at <= now)
    }

    /// Schedules the next poll of each event source mapping: soon after a message is visible and an instance is idle.
    fn schedule_polls(&mut self) {
        let now = self.world.schedule.now();
        let idle = self.world.plan.setup.idle_milliseconds;
        for source in SOURCES {
            let (pipeline, queue) = source;
            if !self.functions.has_idle(pipeline, queue) {
                continue;
            }
            let next = |queues: &mut Queues| queues.get(queue).next_visible();
            let Some(visible) = self.world.with_queues(pipeline, next) else {
                continue;
            };
            let soon = visible.max(now);
            // A poll that is already scheduled may be too late.
            if self
                .polls
                .get(&source)
                .is_none_or(|at| *at > soon + Duration::from_secs(1))
            {
                let at = soon + self.world.state.borrow_mut().rng.draw_milliseconds(1, idle);
                self.polls.insert(source, at);
                self.world.schedule.at(at, Event::Poll(pipeline, queue));
            }
        }
    }

    fn count_dead_letters(&self) -> usize {
        let state = self.world.state.borrow();
        state
            .queues
            .values()
            .map(|queues| queues.dead_letters.messages.len())
            .sum()
    }

    /// Moves every dead letter back to its source queue, as after a repair: no order kills or panics any more.
    fn replay(&self) {
        {
            let state = &mut *self.world.state.borrow_mut();
            state.killers.clear();
            state.killers_of_notifier.clear();
            state.panickers.clear();
            state.panickers_of_notifier.clear();
            // As `orderctl dlq replay` does.
            state.failed.clear();
        }
        for pipeline in [Pipeline::Orders, Pipeline::Notifications] {
            let dead_letters = self.world.with_queues(pipeline, |queues| {
                std::mem::take(&mut queues.dead_letters.messages)
            });
            for (number, dead_letter) in (0..).zip(dead_letters.into_values()) {
                let id = self.world.new_message_id();
                if let Some(event) = Pipeline::Orders.parse_event(&dead_letter.body) {
                    let history = &mut self.world.state.borrow_mut().history;
                    history.event_of_message.insert(id.clone(), event);
                }
                // Each at a millisecond of its own, by which two of the same body can be told apart.
                let sent_at = self.world.schedule.now() + Duration::from_millis(number);
                let mut attributes = dead_letter.attributes;
                attributes.retain(|name, _| !queue_consumer::attribute::ALL.contains(&name.as_str()));
                let message = Message {
                    first: id.clone(),
                    id,
                    receives: 0,
                    sent_at,
                    visible_at: sent_at,
                    attributes,
                    ..dead_letter
                };
                self.world
                    .with_queues(pipeline, |queues| queues.source.push(message));
            }
        }
    }
}
