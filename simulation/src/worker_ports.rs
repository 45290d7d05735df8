//! The world as order-worker sees it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use order_core::{OrderConfirmed, OrderId, Timestamp};
use order_table::{Attributes, OrderRow, attribute};
use order_worker::ports::{Events, Read, Table};
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::{Queues, VisibilityChange};
use serde_json::Value;

use crate::fate::Patience;
use crate::plan::Service;
use crate::queue_ports::{self, QueuePorts};
use crate::rule::Rule;
use crate::schedule::Event;
use crate::world::{Line, Refused, World};

/// The ports of order-worker.
#[derive(Debug, Clone)]
pub(crate) struct WorkerPorts(pub(crate) Rc<World>);

fn refused(code: &'static str) -> CallError {
    CallError::new(code)
}

/// The order id in a row's attributes.
fn id_of(row: &Attributes) -> Option<OrderId> {
    row.get(attribute::ORDER_ID)?.as_str()?.parse().ok()
}

impl WorkerPorts {
    /// Calls with entries, each of which can be refused alone.
    async fn batch<'a, T: 'a>(
        &self,
        service: Service,
        name: &'static str,
        entries: &'a [T],
        effect: impl Fn(&World, &'a T) -> Result<(), &'static str>,
    ) -> Answers {
        let world = &*self.0;
        let answers = world.call(service, Patience::Caller, name, || {
            entries
                .iter()
                .map(|entry| {
                    let refusal = world.entry_refusal();
                    refusal.map_or_else(|| effect(world, entry), Err).map_err(refused)
                })
                .collect()
        });
        answers.await.map_err(refused)
    }

    /// A call for these orders begins.
    fn ask(&self, ids: &[OrderId]) {
        let task = self.0.schedule.running();
        let ledger = &mut self.0.state.borrow_mut().ledger;
        for id in ids {
            ledger.hear(task, *id, Some("timed_out"));
        }
    }

    /// A call for these orders is answered.
    fn hear(&self, ids: &[OrderId], answers: Answers) -> Answers {
        let task = self.0.schedule.running();
        let ledger = &mut self.0.state.borrow_mut().ledger;
        for (place, id) in ids.iter().enumerate() {
            let refusal = match &answers {
                Ok(answers) => answers.get(place).and_then(|answer| answer.as_ref().err()),
                Err(refusal) => Some(refusal),
            };
            let told = match refusal.map(|refusal| &refusal.code) {
                None => None,
                Some(Cow::Borrowed(code)) => Some(*code),
                Some(Cow::Owned(_)) => Some("a code that is not of this world"),
            };
            ledger.hear(task, *id, told);
        }
        answers
    }

    /// Some orders make the code panic.
    async fn perhaps_panic(&self, service: Service, ids: &[OrderId]) {
        let world = &*self.0;
        let panics = |id| world.state.borrow().panickers.get(id) == Some(&service);
        if ids.iter().any(panics) {
            world.schedule.pause(Duration::from_millis(1)).await;
            let task = world.schedule.running();
            for id in ids {
                world.state.borrow_mut().ledger.hear(task, *id, Some("panicked"));
            }
            std::panic::resume_unwind(Box::new("a panicker"));
        }
    }

    fn limit(&self, what: &str, count: usize, most: usize) {
        if !(1..=most).contains(&count) {
            self.0
                .breaks(Rule::Limits, format!("{what} with {count} entries"));
        }
    }

    fn distinct<T: Ord + Debug>(&self, what: &str, keys: impl Iterator<Item = T>) -> bool {
        let mut seen = BTreeSet::new();
        let is_distinct = keys.into_iter().all(|key| seen.insert(key));
        if !is_distinct {
            self.0.breaks(Rule::Limits, format!("{what} names a key twice"));
        }
        is_distinct
    }
}

impl Table for WorkerPorts {
    async fn insert_batch(&self, rows: &[&Attributes]) -> Answers {
        let world = &*self.0;
        self.limit("an insert", rows.len(), 25);
        let ids: Vec<OrderId> = rows.iter().filter_map(|row| id_of(row)).collect();
        if !self.distinct("an insert", ids.iter()) {
            return Err(refused("ValidationException"));
        }
        if ids.iter().any(|id| world.state.borrow().killers.contains(id)) {
            world.state.borrow_mut().killed = Some(world.schedule.running());
            std::future::pending::<()>().await;
        }
        self.ask(&ids);
        self.perhaps_panic(Service::Table, &ids).await;
        // DynamoDB refuses some calls as a whole for one statement's sake.
        let is_whole = |id| world.state.borrow().refused.get(id) == Some(&Refused::Call);
        if ids.iter().any(is_whole) {
            return self.hear(&ids, Err(refused("ValidationException")));
        }
        let answers = self.batch(Service::Table, "insert", rows, |world, row| {
            let Some(id) = id_of(row) else {
                return Err("ValidationError");
            };
            let state = &mut *world.state.borrow_mut();
            if state.refused.contains_key(&id) {
                return Err("ValidationError");
            }
            if state.rows.contains_key(&id) {
                return Err("DuplicateItem");
            }
            state.rows.insert(id, (*row).clone());
            Ok(())
        });
        self.hear(&ids, answers.await)
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, CallError> {
        let world = &*self.0;
        self.limit("a read", ids.len(), 100);
        self.distinct("a read", ids.iter());
        self.ask(ids);
        let read = world.call(Service::Table, Patience::Caller, "read", || {
            let mut read = Read::default();
            for id in ids {
                if world.entry_refusal().is_some() {
                    read.unprocessed.push(*id);
                } else {
                    read.rows.extend(world.state.borrow().rows.get(id).cloned());
                }
            }
            read
        });
        let read = read.await;
        let task = world.schedule.running();
        let ledger = &mut world.state.borrow_mut().ledger;
        for id in ids {
            let told = match &read {
                Ok(read) if read.unprocessed.contains(id) => Some("unprocessed"),
                Ok(_) => None,
                Err(code) => Some(*code),
            };
            if told.is_none() {
                ledger.rows_read.insert((task, *id));
            }
            ledger.hear(task, *id, told);
        }
        read.map_err(refused)
    }
}

impl Events for WorkerPorts {
    async fn publish_batch(&self, events: &[&str]) -> Answers {
        self.limit("a publish", events.len(), 10);
        let bytes: usize = events
            .iter()
            .map(|event| event.len() + "event_typeString".len() + order_core::event::TYPE.len())
            .sum();
        if bytes > 256 * 1024 {
            self.0.breaks(Rule::Limits, format!("a publish of {bytes} bytes"));
        }
        let ids: Vec<OrderId> = events
            .iter()
            .filter_map(|event| OrderConfirmed::from_json(event).ok())
            .map(|event| event.order_id)
            .collect();
        self.ask(&ids);
        self.perhaps_panic(Service::Events, &ids).await;
        let answers = self
            .batch(Service::Events, "publish", events, |world, event| {
                publish(world, event);
                Ok(())
            })
            .await;
        let answers = self.hear(&ids, answers);
        if let Ok(answers) = &answers {
            let task = self.0.schedule.running();
            let ledger = &mut self.0.state.borrow_mut().ledger;
            for (id, answer) in ids.iter().zip(answers) {
                if answer.is_ok() {
                    ledger.publications_seen.insert((task, *id));
                }
            }
        }
        answers
    }
}

/// An event reaches the topic, and from there the queue of notifications.
fn publish(world: &World, event: &str) {
    let Ok(confirmed) = OrderConfirmed::from_json(event) else {
        world.breaks(Rule::TrueLetters, "an event that nobody can read");
        return;
    };
    let id = confirmed.order_id;
    let row = world.state.borrow().rows.get(&id).map(OrderRow::from_attributes);
    match row {
        Some(Ok(row)) if OrderConfirmed::from(&row).to_json() == event => {}
        Some(_) => world.breaks(
            Rule::PublishedAgain,
            format!("the event of {id} is not that of its row"),
        ),
        None => world.breaks(
            Rule::NothingLost,
            format!("{id} was announced before it was stored"),
        ),
    }
    let (delay, echo) = {
        let state = &mut *world.state.borrow_mut();
        *state.ledger.publications.entry(id).or_default() += 1;
        let is_faulty = world.schedule.now() < world.plan.faults_end();
        let twice = is_faulty && state.chance.percent(world.plan.faults.duplicates);
        (
            state.chance.milliseconds(5, 50),
            twice.then(|| state.chance.milliseconds(5, 5000)),
        )
    };
    world.schedule.after(delay, Event::Notify(event.to_owned()));
    if let Some(echo) = echo {
        world.schedule.after(echo, Event::Notify(event.to_owned()));
    }
}

impl WorkerPorts {
    fn queues(&self) -> QueuePorts<'_> {
        QueuePorts {
            world: &self.0,
            line: Line::Orders,
            patience: Patience::Caller,
        }
    }
}

impl Queues for WorkerPorts {
    async fn send_to_dead_letter_queue(&self, dead_letters: &[&DeadLetter]) -> Answers {
        self.queues().bury(dead_letters).await
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        self.queues().change_visibility(changes).await
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.queues().delete(receipt_handles).await
    }
}

impl Clock for WorkerPorts {
    fn monotonic(&self) -> Duration {
        self.0.schedule.now()
    }

    fn now(&self) -> Timestamp {
        queue_ports::now(&self.0)
    }

    async fn sleep(&self, duration: Duration) {
        self.0.schedule.pause(duration).await;
    }
}

/// Marks a row's attributes as notified.
pub(crate) fn mark(row: &mut Attributes, id: &str, notified_at: Timestamp) {
    row.insert(attribute::NOTIFICATION_ID.to_owned(), Value::from(id));
    row.insert(
        attribute::NOTIFIED_AT.to_owned(),
        Value::from(notified_at.to_string()),
    );
}
