//! The ports of order-worker, on the simulated world.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use order_core::{OrderEvent, OrderId, Timestamp};
use order_table::{Attributes, Stored, attribute};
use order_worker::ports::{Events, Publication, Read, Table};
use queue_consumer::marks::{Mark, Marks};
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, Queues, VisibilityChange};
use serde_json::Value;

use super::queues::{self, QueuePorts};
use crate::call::ClientTimeout;
use crate::checks::erasure::began_after;
use crate::checks::failed_orders::check_mark;
use crate::pipeline::Pipeline;
use crate::plan::Service;
use crate::rule::Rule;
use crate::schedule::Event;
use crate::versions;
use crate::world::{TableRejection, World};

/// The ports of order-worker.
#[derive(Debug, Clone)]
pub(crate) struct WorkerPorts(pub(crate) Rc<World>);

/// Reads the order id of a row.
fn read_id(row: &Attributes) -> Option<OrderId> {
    row.get(attribute::ORDER_ID)?.as_str()?.parse().ok()
}

impl WorkerPorts {
    /// Makes a batch call. Each entry can fail alone.
    async fn call_batch<'a, T: 'a>(
        &self,
        service: Service,
        name: &'static str,
        entries: &'a [T],
        effect: impl Fn(&World, &'a T) -> Result<(), &'static str>,
    ) -> Answers {
        let world = &*self.0;
        let answers = world.call(service, ClientTimeout::None, name, || {
            entries
                .iter()
                .map(|entry| {
                    let error = world.draw_entry_error();
                    error
                        .map_or_else(|| effect(world, entry), Err)
                        .map_err(CallError::new)
                })
                .collect()
        });
        answers.await.map_err(CallError::new)
    }

    /// Records that a call for these orders begins. Until its answer comes it counts as timed out.
    fn record_start(&self, ids: &[OrderId]) {
        let task = self.0.schedule.running();
        let history = &mut self.0.state.borrow_mut().history;
        for id in ids {
            history.record_start(task, *id);
        }
    }

    /// Records the answer to a call for these orders.
    fn record_answers(&self, ids: &[OrderId], answers: Answers) -> Answers {
        let task = self.0.schedule.running();
        let history = &mut self.0.state.borrow_mut().history;
        for (index, id) in ids.iter().enumerate() {
            let error = match &answers {
                Ok(answers) => answers.get(index).and_then(|answer| answer.as_ref().err()),
                Err(error) => Some(error),
            };
            let code = match error.map(|error| &error.code) {
                None => None,
                Some(Cow::Borrowed(code)) => Some(*code),
                Some(Cow::Owned(_)) => Some("a code that the simulation never returns"),
            };
            history.record_answer(task, *id, code);
        }
        answers
    }

    /// Panics if one of the orders makes calls to this service panic.
    async fn panic_if_due(&self, service: Service, ids: &[OrderId]) {
        let world = &*self.0;
        let panics = |id| world.state.borrow().panickers.get(id) == Some(&service);
        if ids.iter().any(panics) {
            world.schedule.pause(Duration::from_millis(1)).await;
            let task = world.schedule.running();
            let history = &mut world.state.borrow_mut().history;
            match ids {
                [id] => history.record_answer(task, *id, Some("panicked")),
                // No answer of any of them: a call for each alone follows, if there is time.
                _ => {
                    history.panicked_tasks.insert(task);
                }
            }
            std::panic::resume_unwind(Box::new("an order that makes order-worker panic"));
        }
    }

    fn check_limit(&self, what: &str, count: usize, max: usize) {
        if !(1..=max).contains(&count) {
            self.0
                .report_violation(Rule::Limits, format!("{what} with {count} entries"));
        }
    }

    /// Checks that a call has each key once, as DynamoDB demands. Returns whether it does.
    fn check_distinct<T: Ord + Debug>(&self, what: &str, keys: impl Iterator<Item = T>) -> bool {
        let mut seen = BTreeSet::new();
        let is_distinct = keys.into_iter().all(|key| seen.insert(key));
        if !is_distinct {
            self.0
                .report_violation(Rule::Limits, format!("{what} has a key twice"));
        }
        is_distinct
    }
}

impl Table for WorkerPorts {
    async fn insert_batch(&self, rows: &[&Attributes]) -> Answers {
        let world = &*self.0;
        self.check_limit("an insert", rows.len(), 25);
        let ids: Vec<OrderId> = rows.iter().filter_map(|row| read_id(row)).collect();
        if !self.check_distinct("an insert", ids.iter()) {
            return Err(CallError::new("ValidationException"));
        }
        if ids.iter().any(|id| world.state.borrow().killers.contains(id)) {
            world.state.borrow_mut().killed = Some(world.schedule.running());
            std::future::pending::<()>().await;
        }
        self.record_start(&ids);
        self.panic_if_due(Service::Table, &ids).await;
        // DynamoDB rejects some calls as a whole because of one statement.
        let rejects_call = |id| world.state.borrow().rejected.get(id) == Some(&TableRejection::Call);
        if ids.iter().any(rejects_call) {
            return self.record_answers(&ids, Err(CallError::new("ValidationException")));
        }
        let answers = self.call_batch(Service::Table, "insert", rows, |world, row| {
            let Some(id) = read_id(row) else {
                return Err("ValidationError");
            };
            let state = &mut *world.state.borrow_mut();
            if state.rejected.contains_key(&id) {
                return Err("ValidationError");
            }
            if state.rows.contains_key(&id) {
                return Err("DuplicateItem");
            }
            state.rows.insert(id, (*row).clone());
            Ok(())
        });
        self.record_answers(&ids, answers.await)
    }

    async fn cancel_batch(&self, ids: &[OrderId], cancelled_at: Timestamp) -> Answers {
        self.check_limit("a cancellation", ids.len(), 25);
        if !self.check_distinct("a cancellation", ids.iter()) {
            return Err(CallError::new("ValidationException"));
        }
        self.record_start(ids);
        self.panic_if_due(Service::Table, ids).await;
        let answers = self.call_batch(Service::Table, "cancel", ids, |world, id| {
            cancel(world, *id, cancelled_at);
            Ok(())
        });
        self.record_answers(ids, answers.await)
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, CallError> {
        let world = &*self.0;
        self.check_limit("a read", ids.len(), 100);
        self.check_distinct("a read", ids.iter());
        self.record_start(ids);
        let read = world.call(Service::Table, ClientTimeout::None, "read", || {
            let mut read = Read::default();
            for id in ids {
                if world.draw_entry_error().is_some() {
                    read.unprocessed.push(*id);
                } else {
                    let row = world.state.borrow().rows.get(id).cloned();
                    let is_settled = row.as_ref().is_some_and(|row| {
                        row.contains_key(attribute::CANCELLED_AT) || Stored::is_erased(row)
                    });
                    if !is_settled {
                        let task = world.schedule.running();
                        let reads = &mut world.state.borrow_mut().history.uncancelled_reads;
                        reads.insert((task, *id));
                    }
                    read.rows.extend(row);
                }
            }
            read
        });
        let read = read.await;
        let task = world.schedule.running();
        let history = &mut world.state.borrow_mut().history;
        for id in ids {
            let error = match &read {
                Ok(read) if read.unprocessed.contains(id) => Some("unprocessed"),
                Ok(_) => None,
                Err(code) => Some(*code),
            };
            if error.is_none() {
                history.rows_read.insert((task, *id));
            }
            history.record_answer(task, *id, error);
        }
        read.map_err(CallError::new)
    }
}

impl Events for WorkerPorts {
    async fn publish_batch(&self, publications: &[&Publication]) -> Answers {
        let events: Vec<&str> = publications
            .iter()
            .map(|publication| &*publication.event)
            .collect();
        self.check_limit("a publish", events.len(), 10);
        let bytes: usize = events
            .iter()
            .map(|event| event.len() + "event_typeString".len() + order_core::event::TYPE.len())
            .sum();
        if bytes > 256 * 1024 {
            self.0
                .report_violation(Rule::Limits, format!("a publish of {bytes} bytes"));
        }
        let types = publications.iter().map(|publication| publication.event_type);
        let parsed: Vec<OrderEvent> = events
            .iter()
            .filter_map(|event| OrderEvent::from_json(event).ok())
            .collect();
        if !types.eq(parsed.iter().map(OrderEvent::event_type)) {
            self.0
                .report_violation(Rule::Limits, "an event with the attribute of another type");
        }
        let ids: Vec<OrderId> = parsed.iter().map(OrderEvent::order_id).collect();
        self.record_start(&ids);
        self.panic_if_due(Service::Events, &ids).await;
        let answers = self
            .call_batch(Service::Events, "publish", &events, |world, event| {
                deliver_event(world, event);
                Ok(())
            })
            .await;
        let answers = self.record_answers(&ids, answers);
        if let Ok(answers) = &answers {
            let task = self.0.schedule.running();
            let history = &mut self.0.state.borrow_mut().history;
            for (event, answer) in parsed.iter().zip(answers) {
                if answer.is_ok() {
                    let key = (task, event.order_id(), event.event_type());
                    history.confirmed_publications.insert(key);
                }
            }
        }
        answers
    }
}

/// Marks a row as cancelled, if it exists, is not cancelled yet and is no tombstone, as the conditional update does.
fn cancel(world: &World, order: OrderId, cancelled_at: Timestamp) {
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    if let Some(row) = state.rows.get_mut(&order)
        && !row.contains_key(attribute::CANCELLED_AT)
        && !Stored::is_erased(row)
    {
        row.insert(
            attribute::CANCELLED_AT.to_owned(),
            Value::from(cancelled_at.to_string()),
        );
        state.history.cancelled.insert(order, (now, cancelled_at));
    }
}

/// Delivers an event to the topic, and from there to the queue of notifications.
fn deliver_event(world: &World, event: &str) {
    let Ok(parsed) = OrderEvent::from_json(event) else {
        world.report_violation(Rule::TrueDeadLetters, "an event that no code can parse");
        return;
    };
    let id = parsed.order_id();
    let (stored, is_forbidden) = {
        let state = world.state.borrow();
        let stored = state.rows.get(&id).map(Stored::from_attributes);
        (stored, began_after(&state, world.schedule.running(), id))
    };
    match stored {
        Some(Ok(Stored::Erased(_))) if is_forbidden => world.report_violation(
            Rule::ErasedForEver,
            format!("{id} is published by work that began after its erasure"),
        ),
        Some(Ok(Stored::Erased(_))) => {}
        Some(Ok(Stored::Order(row))) if row.event(parsed.event_type()) == Some(parsed.clone()) => {}
        Some(_) => world.report_violation(
            Rule::PublishedAgain,
            format!("the event of {id} is not that of its row"),
        ),
        None => world.report_violation(
            Rule::NothingLost,
            format!("{id} was published before it was stored"),
        ),
    }
    let is_updated = world.is_updated();
    let event = if is_updated {
        versions::write(Pipeline::Notifications, event)
    } else {
        event.to_owned()
    };
    let (delay, duplicate) = {
        let state = &mut *world.state.borrow_mut();
        *state
            .history
            .publications
            .entry((id, parsed.event_type()))
            .or_default() += 1;
        let twice = world.has_faults() && state.rng.happens_percent(world.plan.faults.duplicates);
        (
            state.rng.draw_milliseconds(5, 50),
            twice.then(|| state.rng.draw_milliseconds(5, 5000)),
        )
    };
    if let Some(delay) = duplicate {
        world.schedule.after(delay, Event::Notify(event.clone()));
    }
    world.schedule.after(delay, Event::Notify(event));
}

impl WorkerPorts {
    fn queues(&self) -> QueuePorts<'_> {
        QueuePorts {
            world: &self.0,
            pipeline: Pipeline::Orders,
            timeout: ClientTimeout::None,
        }
    }
}

impl Marks for WorkerPorts {
    async fn mark_dead_letters(&self, marks: &[Mark]) -> Answers {
        self.check_limit("a mark", marks.len(), 25);
        let ids = || marks.iter().map(|mark| OrderId::new(mark.order_id));
        self.check_distinct("a mark", ids());
        for (id, mark) in ids().zip(marks) {
            check_mark(&self.0, id, &mark.error_code);
        }
        self.call_batch(Service::Table, "mark", marks, |world, mark| {
            let state = &mut *world.state.borrow_mut();
            let failed = state.failed.entry(OrderId::new(mark.order_id));
            failed.or_insert_with(|| mark.error_code.clone());
            Ok(())
        })
        .await
    }
}

impl Queues for WorkerPorts {
    async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        self.queues().send(to, messages).await
    }

    async fn change_visibility(&self, of: Queue, changes: &[VisibilityChange]) -> Answers {
        self.queues().change_visibility(of, changes).await
    }
}

impl Clock for WorkerPorts {
    fn monotonic(&self) -> Duration {
        self.0.schedule.now()
    }

    fn now(&self) -> Timestamp {
        queues::read_clock(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        self.0.schedule.pause(duration).await;
    }
}
