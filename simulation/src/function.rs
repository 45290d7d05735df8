//! Functions: processes with one invocation at a time, and what becomes of their batches.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use notifier::Notifier;
use notifier::config::Settings;
use order_core::{OrderConfirmed, OrderMessage};
use order_worker::Worker;
use serde_json::{Map, Value, json};

use crate::checks;
use crate::event_source::{self, Reading};
use crate::notifier_ports::NotifierPorts;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::{Event, TaskId};
use crate::worker_ports::WorkerPorts;
use crate::world::{Invocation, Line, World};

/// A process: what it holds lives as long as it does.
#[derive(Clone)]
enum Process {
    Worker(Rc<Worker<WorkerPorts>>),
    Notifier(Rc<Notifier<NotifierPorts>>),
}

/// The function's answer, or what it threw.
type Outcome = Result<Value, String>;

struct Slot {
    line: Line,
    process: Process,
    task: Option<Task>,
}

struct Task {
    id: TaskId,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    woken: Arc<Woken>,
}

/// Whether a future asked to be polled again at once.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// All processes of both functions.
pub(crate) struct Functions {
    world: Rc<World>,
    slots: Vec<Slot>,
    tasks: TaskId,
}

fn start(world: &Rc<World>, line: Line) -> Process {
    let setup = &world.plan.setup;
    let seed = world.state.borrow_mut().chance.seed();
    let max_receive_count = NonZeroU32::new(setup.max_receives).unwrap_or(NonZeroU32::MIN);
    match line {
        Line::Orders => Process::Worker(Rc::new(Worker::new(
            WorkerPorts(world.clone()),
            max_receive_count,
            seed,
        ))),
        Line::Notifications => {
            let settings = Settings {
                max_receive_count,
                digest_threshold: setup.digest_threshold as usize,
                // Two instances share 8 a second.
                email_interval: Duration::from_millis(250),
            };
            let ports = NotifierPorts(world.clone());
            Process::Notifier(Rc::new(Notifier::new(ports, settings, seed)))
        }
    }
}

/// The event that Lambda invokes a function with.
fn event(batch: &[Delivery]) -> Value {
    let record = |delivery: &Delivery| {
        let attributes: Map<String, Value> = delivery
            .attributes
            .iter()
            .map(|(name, (data_type, text))| {
                let value = json!({"stringValue": text, "dataType": data_type, "stringListValues": [], "binaryListValues": []});
                (name.clone(), value)
            })
            .collect();
        json!({
            "messageId": delivery.id, "receiptHandle": delivery.receipt, "body": delivery.body,
            "attributes": {"ApproximateReceiveCount": delivery.receives.to_string()},
            "messageAttributes": attributes,
        })
    };
    json!({"Records": batch.iter().map(record).collect::<Vec<_>>()})
}

impl Functions {
    pub(crate) fn new(world: &Rc<World>) -> Self {
        let workers = world.plan.setup.workers.max(1) as usize;
        let lines =
            std::iter::repeat_n(Line::Orders, workers).chain(std::iter::repeat_n(Line::Notifications, 2));
        let slots = lines.map(|line| Slot {
            line,
            process: start(world, line),
            task: None,
        });
        Self {
            slots: slots.collect(),
            world: world.clone(),
            tasks: 0,
        }
    }

    /// Whether a process of this line is idle.
    pub(crate) fn has_idle(&self, line: Line) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.line == line && slot.task.is_none())
    }

    /// Receives a batch and invokes a function with it, if there is both.
    pub(crate) fn invoke(&mut self, line: Line) {
        let idle = self
            .slots
            .iter_mut()
            .find(|slot| slot.line == line && slot.task.is_none());
        let Some(slot) = idle else { return };
        let batch = self.world.receive(line);
        if batch.is_empty() {
            return;
        }
        self.tasks += 1;
        let id = self.tasks;
        let started = self.world.schedule.now();
        let setup = &self.world.plan.setup;
        let timeout = Duration::from_secs(u64::from(match line {
            Line::Orders => setup.worker_timeout,
            Line::Notifications => setup.notifier_timeout,
        }));
        let deadline = started + timeout;
        let event = event(&batch);
        let future: Pin<Box<dyn Future<Output = Outcome>>> = match slot.process.clone() {
            Process::Worker(worker) => Box::pin(async move {
                let response = worker.handle(event, timeout).await;
                let response = response.map_err(|error| error.to_string())?;
                serde_json::to_value(response).map_err(|error| error.to_string())
            }),
            Process::Notifier(notifier) => Box::pin(async move {
                let response = notifier.handle(event, timeout).await;
                let response = response.map_err(|error| error.to_string())?;
                serde_json::to_value(response).map_err(|error| error.to_string())
            }),
        };
        let ids: Vec<String> = batch
            .iter()
            .map(|delivery| format!("{}({})", delivery.id, delivery.receives))
            .collect();
        slot.task = Some(Task {
            id,
            future,
            woken: Arc::new(Woken(AtomicBool::new(false))),
        });
        self.world.state.borrow_mut().invocations.insert(
            id,
            Invocation {
                line,
                started,
                deadline,
                batch,
            },
        );
        self.world.schedule.set_running(id);
        self.world
            .note(|| format!("{line:?} invoked with {}", ids.join(" ")));
        self.world.schedule.at(deadline, Event::Deadline(id));
        self.poll(id);
    }

    /// Lets an invocation go on until it waits, ends, or dies.
    pub(crate) fn poll(&mut self, id: TaskId) {
        let Some(place) = self.place(id) else { return };
        self.world.schedule.set_running(id);
        let Some(task) = &mut self.slots[place].task else {
            return;
        };
        let waker = Waker::from(task.woken.clone());
        let mut context = Context::from_waker(&waker);
        // A panic in a handler is thrown by the runtime, as an error of the invocation.
        let poll = std::panic::AssertUnwindSafe(|| {
            loop {
                let poll = task.future.as_mut().poll(&mut context);
                if poll.is_ready() || !task.woken.0.swap(false, Ordering::Relaxed) {
                    return poll;
                }
            }
        });
        let outcome = match std::panic::catch_unwind(poll) {
            Ok(Poll::Ready(outcome)) => outcome,
            Ok(Poll::Pending) => {
                self.perhaps_die(id);
                return;
            }
            Err(_) => Err("panicked".to_owned()),
        };
        self.end(id, &outcome);
    }

    /// The process dies where its batch or the plan says so.
    fn perhaps_die(&mut self, id: TaskId) {
        let is_faulty = self.world.schedule.now() < self.world.plan.faults_end();
        let dies = {
            let state = &mut *self.world.state.borrow_mut();
            let crashes = is_faulty && state.chance.per_mille(self.world.plan.faults.crashes);
            let is_killed = state.killed.take() == Some(id);
            if is_killed && let Some(invocation) = state.invocations.get(&id) {
                let queue = &state.queues[&invocation.line].source;
                for delivery in &invocation.batch {
                    // One that keeps failing by itself meets a killer as often as it comes back.
                    let is_sound = match invocation.line {
                        Line::Orders => OrderMessage::from_json(&delivery.body).is_ok_and(|message| {
                            !state.killers.contains(&message.order_id)
                                && !state.panickers.contains_key(&message.order_id)
                        }),
                        Line::Notifications => OrderConfirmed::from_json(&delivery.body).is_ok_and(|event| {
                            !state.killers_of_notifier.contains(&event.order_id)
                                && !state.panickers_of_notifier.contains_key(&event.order_id)
                                && state.rows.contains_key(&event.order_id)
                        }),
                    };
                    // What is deleted already is out of its reach.
                    let is_there = queue.messages.values().any(|message| message.id == delivery.id);
                    if is_there && is_sound {
                        let harmed = &mut state.ledger.harmed;
                        *harmed.entry(delivery.id.clone()).or_default() += 1;
                    }
                }
            }
            is_killed || crashes
        };
        if dies {
            self.die(id, "died");
        }
    }

    /// An invocation's time is over.
    pub(crate) fn time_out(&mut self, id: TaskId) {
        if self.place(id).is_some() {
            self.world.schedule.set_running(id);
            self.world
                .breaks(Rule::ValidAnswer, "an invocation ran into its deadline");
            self.die(id, "timed out");
        }
    }

    /// Ends a process in the midst of its work; a new one takes its place.
    fn die(&mut self, id: TaskId, how: &str) {
        self.world.note(|| how.to_owned());
        self.world.excuse_task(id);
        if let Some(place) = self.place(id) {
            let slot = &mut self.slots[place];
            slot.task = None;
            slot.process = start(&self.world, slot.line);
        }
        self.world.state.borrow_mut().invocations.remove(&id);
    }

    /// An invocation is over: the event source mapping deletes what is done.
    fn end(&mut self, id: TaskId, outcome: &Outcome) {
        if let Some(place) = self.place(id) {
            self.slots[place].task = None;
        }
        self.world.note(|| format!("ended: {outcome:?}"));
        let answer = match outcome {
            Ok(answer) => answer,
            Err(error) => {
                self.throw(id, error);
                return;
            }
        };
        let world = &*self.world;
        let batch = {
            let state = world.state.borrow();
            state
                .invocations
                .get(&id)
                .map(|invocation| (invocation.line, invocation.batch.clone()))
        };
        let Some((line, batch)) = batch else { return };
        let ids: BTreeSet<&str> = batch.iter().map(|delivery| delivery.id.as_str()).collect();
        match event_source::read(answer, &ids) {
            Reading::Invalid => {
                world.breaks(Rule::ValidAnswer, format!("Lambda refuses {answer}"));
                world.excuse_task(id);
            }
            Reading::AllBut(reported) => {
                let is_faulty = world.schedule.now() < world.plan.faults_end();
                for delivery in &batch {
                    if reported.contains(delivery.id.as_str()) {
                        continue;
                    }
                    // The mapping's own deletion can fail, too.
                    let is_lost =
                        is_faulty && world.state.borrow_mut().chance.percent(world.plan.faults.lost);
                    if is_lost {
                        world.state.borrow_mut().ledger.excuse(&delivery.id);
                    } else {
                        checks::acknowledgement::delete(world, id, line, &delivery.receipt);
                    }
                }
                let invocation = world.state.borrow_mut().invocations.remove(&id);
                if let Some(invocation) = invocation {
                    checks::answer::check(world, id, &invocation, &reported);
                }
            }
        }
        world.state.borrow_mut().invocations.remove(&id);
    }

    /// An invocation throws: the whole batch comes back, which nothing explains.
    fn throw(&self, id: TaskId, error: &str) {
        self.world
            .breaks(Rule::ValidAnswer, format!("an invocation threw: {error}"));
        self.world.excuse_task(id);
        self.world.state.borrow_mut().invocations.remove(&id);
    }

    fn place(&self, id: TaskId) -> Option<usize> {
        self.slots
            .iter()
            .position(|slot| slot.task.as_ref().is_some_and(|task| task.id == id))
    }
}
