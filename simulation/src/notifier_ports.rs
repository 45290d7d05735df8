//! The world as notifier sees it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use notifier::batch::AttributeValue;
use notifier::email::Email;
use notifier::ports::{CallError, Clock, DeadLetter, Emails, Marking, Postponement, Queues, Rows, Table};
use order_core::row::{Notification, attribute};
use order_core::{OrderId, Timestamp};

use crate::checks::{self, emails};
use crate::fate::Patience;
use crate::letter;
use crate::plan::Service;
use crate::rule::Rule;
use crate::schedule::Schedule;
use crate::worker_ports;
use crate::world::{Line, World};

/// What the adapters keep to: see `notifier::adapters`.
const CALL: Patience = Patience::Client(Duration::from_secs(2));
const EMAIL: Patience = Patience::Client(Duration::from_secs(3));

/// The ports of notifier.
#[derive(Debug, Clone)]
pub(crate) struct NotifierPorts(pub(crate) Rc<World>);

impl NotifierPorts {
    async fn call<T>(
        &self,
        service: Service,
        patience: Patience,
        operation: &'static str,
        effect: impl FnOnce(&World) -> T,
    ) -> Result<T, CallError> {
        let world = &*self.0;
        let result = world.call(service, patience, operation, || effect(world)).await;
        result.map_err(|reason| CallError {
            operation,
            reason: reason.to_owned(),
        })
    }

    fn limit(&self, what: &str, orders: &[OrderId], most: usize) {
        let distinct: BTreeSet<&OrderId> = orders.iter().collect();
        if !(1..=most).contains(&orders.len()) || distinct.len() < orders.len() {
            let count = orders.len();
            self.0
                .breaks(Rule::Limits, format!("{what} of {count} keys, or of one twice"));
        }
    }
}

impl Table for NotifierPorts {
    async fn read(&self, orders: &[OrderId]) -> Result<Rows, CallError> {
        self.limit("a read", orders, 100);
        let kills = orders
            .iter()
            .any(|order| self.0.state.borrow().killers_of_notifier.contains(order));
        if kills {
            self.0.state.borrow_mut().killed = Some(self.0.schedule.running());
            std::future::pending::<()>().await;
        }
        self.call(Service::Table, CALL, "BatchGetItem", |world| {
            let mut rows = Rows::default();
            for order in orders {
                if world.entry_refusal().is_some() {
                    rows.unprocessed.push(*order);
                } else if let Some(row) = world.state.borrow().rows.get(order) {
                    let is_marked = row.contains_key(attribute::NOTIFIED_AT);
                    rows.marked.insert(*order, is_marked);
                }
            }
            rows
        })
        .await
    }

    async fn mark(&self, orders: &[OrderId], mark: &Notification) -> Result<Vec<Marking>, CallError> {
        self.limit("a mark", orders, 25);
        emails::name(&self.0, orders, mark);
        let task = self.0.schedule.running();
        let marked = self
            .call(Service::Table, CALL, "mark", |world| {
                orders
                    .iter()
                    .map(|order| match world.entry_refusal() {
                        Some(code) => Marking::Failed(code.to_owned()),
                        None => set(world, *order, mark),
                    })
                    .collect::<Vec<_>>()
            })
            .await;
        let ledger = &mut self.0.state.borrow_mut().ledger;
        for (place, order) in orders.iter().enumerate() {
            let is_seen = matches!(&marked, Ok(marked) if marked.get(place) == Some(&Marking::Marked));
            if is_seen {
                ledger.marks_seen.insert((task, *order));
            } else {
                *ledger.marks_failed.entry((task, *order)).or_default() += 1;
            }
        }
        marked
    }
}

/// Sets one mark, as the conditional update does: on a row that exists and has none.
fn set(world: &World, order: OrderId, mark: &Notification) -> Marking {
    emails::check_mark(world, order, mark);
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    if let Some(row) = state.rows.get_mut(&order)
        && !row.contains_key(attribute::NOTIFIED_AT)
    {
        worker_ports::mark(row, &mark.id, mark.notified_at);
        state.ledger.marked.insert(order, now);
    }
    Marking::Marked
}

impl Emails for NotifierPorts {
    async fn confirmed_subscribers(&self) -> Result<u64, CallError> {
        self.call(Service::Emails, CALL, "GetTopicAttributes", |world| {
            u64::from(world.state.borrow().subscription.is_confirmed)
        })
        .await
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let orders = emails::attempt(&self.0, email);
        let published = self
            .call(Service::Emails, EMAIL, "Publish", |world| {
                emails::hand_over(world, email, orders);
            })
            .await;
        if published.is_ok() {
            emails::handed_over_seen(&self.0, email);
        }
        published
    }
}

impl Queues for NotifierPorts {
    async fn bury(&self, letter: &DeadLetter) -> Result<(), CallError> {
        let attributes: crate::queue::Attributes = letter
            .attributes
            .iter()
            .filter_map(|(name, attribute)| match &attribute.value {
                AttributeValue::Text(text) => {
                    Some((name.clone(), (attribute.data_type.clone(), text.clone())))
                }
                AttributeValue::Binary(_) => None,
            })
            .collect();
        letter::burial_asked(&self.0, &attributes);
        let buried = self
            .call(Service::Queues, CALL, "SendMessage", |world| {
                letter::bury(world, Line::Notifications, &letter.body, attributes.clone());
            })
            .await;
        if buried.is_ok() {
            letter::burial_seen(&self.0, &attributes);
        }
        buried
    }

    async fn postpone(&self, messages: &[Postponement]) -> Result<(), CallError> {
        if !(1..=10).contains(&messages.len()) {
            let count = messages.len();
            self.0.breaks(Rule::Limits, format!("a postponement of {count}"));
        }
        for message in messages {
            letter::delay_asked(&self.0, &message.receipt_handle, message.delay.as_secs());
        }
        self.call(Service::Queues, CALL, "ChangeMessageVisibilityBatch", |world| {
            for message in messages {
                // As the adapter has it, one that cannot be set costs time only.
                let _ = letter::delay(world, Line::Notifications, &message.receipt_handle, message.delay);
            }
        })
        .await
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Result<(), CallError> {
        if !(1..=10).contains(&receipt_handles.len()) {
            let count = receipt_handles.len();
            self.0.breaks(Rule::Limits, format!("a deletion of {count}"));
        }
        let task = self.0.schedule.running();
        self.call(Service::Queues, CALL, "DeleteMessageBatch", |world| {
            for receipt_handle in receipt_handles {
                // One that cannot be deleted is left to the answer.
                if world.entry_refusal().is_none() {
                    checks::acknowledgement::delete(world, task, Line::Notifications, receipt_handle);
                }
            }
        })
        .await
    }
}

impl Clock for NotifierPorts {
    fn monotonic(&self) -> Duration {
        self.0.schedule.now()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(Schedule::date(self.0.schedule.now()))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.schedule.pause(duration).await;
    }
}
