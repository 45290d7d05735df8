//! The world as order-worker sees it.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use order_core::row::{Attributes, attribute};
use order_core::{OrderConfirmed, OrderId, OrderRow, Timestamp};
use order_worker::dead_letter::DeadLetter;
use order_worker::ports::{Answers, Clock, Events, Queues, Read, Refusal, Table, VisibilityChange};
use order_worker::record::AttributeContent;
use serde_json::Value;
use time::OffsetDateTime;

use crate::checks;
use crate::fate::Patience;
use crate::letter;
use crate::plan::Service;
use crate::rule::Rule;
use crate::schedule::{Event, Schedule};
use crate::world::{Line, World};

/// The ports of order-worker.
#[derive(Debug, Clone)]
pub(crate) struct WorkerPorts(pub(crate) Rc<World>);

fn refused(code: &'static str) -> Refusal {
    Refusal::new(code)
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
        let any = |set: &BTreeSet<OrderId>| ids.iter().any(|id| set.contains(id));
        if any(&world.state.borrow().killers) {
            world.state.borrow_mut().killed = Some(world.schedule.running());
            std::future::pending::<()>().await;
        }
        let panics = any(&world.state.borrow().panickers);
        if panics {
            world.schedule.pause(Duration::from_millis(1)).await;
            std::panic::resume_unwind(Box::new("a panicker"));
        }
        // DynamoDB refuses some calls as a whole for one statement's sake.
        let is_whole = any(&world.state.borrow().refused) && rows.len() > 1;
        if is_whole {
            return Err(refused("ValidationException"));
        }
        self.batch(Service::Table, "insert", rows, |world, row| {
            let Some(id) = id_of(row) else {
                return Err("ValidationError");
            };
            let state = &mut *world.state.borrow_mut();
            if state.refused.contains(&id) {
                return Err("ValidationError");
            }
            if state.rows.contains_key(&id) {
                return Err("DuplicateItem");
            }
            state.rows.insert(id, (*row).clone());
            Ok(())
        })
        .await
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, Refusal> {
        let world = &*self.0;
        self.limit("a read", ids.len(), 100);
        self.distinct("a read", ids.iter());
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
        read.await.map_err(refused)
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
        let answers = self
            .batch(Service::Events, "publish", events, |world, event| {
                publish(world, event);
                Ok(())
            })
            .await;
        if let Ok(answers) = &answers {
            let task = self.0.schedule.running();
            for (event, answer) in events.iter().zip(answers) {
                if answer.is_ok()
                    && let Ok(event) = OrderConfirmed::from_json(event)
                {
                    let ledger = &mut self.0.state.borrow_mut().ledger;
                    ledger.publications_seen.insert((task, event.order_id));
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

impl Queues for WorkerPorts {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        self.limit("a burial", letters.len(), 10);
        let bytes: usize = letters.iter().map(|letter| letter.size()).sum();
        if bytes > 1024 * 1024 {
            self.0.breaks(Rule::Limits, format!("a burial of {bytes} bytes"));
        }
        let text = |letter: &DeadLetter| {
            let attributes = letter.attributes.iter().filter_map(|attribute| {
                let AttributeContent::Text(text) = &attribute.value else {
                    return None;
                };
                Some((
                    attribute.name.clone(),
                    (attribute.data_type.clone(), text.clone()),
                ))
            });
            attributes.collect::<crate::queue::Attributes>()
        };
        let answers = self
            .batch(Service::Queues, "bury", letters, |world, letter| {
                letter::bury(world, Line::Orders, &letter.body, text(letter));
                Ok(())
            })
            .await;
        if let Ok(answers) = &answers {
            for (letter, answer) in letters.iter().zip(answers) {
                if answer.is_ok() {
                    letter::burial_seen(&self.0, &text(letter));
                }
            }
        }
        answers
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        self.limit("a visibility change", changes.len(), 10);
        for change in changes {
            letter::delay_asked(&self.0, &change.receipt_handle, change.seconds.into());
        }
        self.batch(Service::Queues, "change visibility", changes, |world, change| {
            letter::delay(
                world,
                Line::Orders,
                &change.receipt_handle,
                Duration::from_secs(change.seconds.into()),
            )
        })
        .await
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.limit("a deletion", receipt_handles.len(), 10);
        self.batch(Service::Queues, "delete", receipt_handles, |world, receipt| {
            let task = world.schedule.running();
            checks::acknowledgement::delete(world, task, Line::Orders, receipt);
            Ok(())
        })
        .await
    }
}

impl Clock for WorkerPorts {
    fn now(&self) -> OffsetDateTime {
        Schedule::date(self.0.schedule.now())
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
