//! The ports of notifier, on the simulated world.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use notifier::email::Email;
use notifier::ports::{Emails, RowState, Rows, Subscribers, Table};
use order_core::{EventType, OrderId, Timestamp};
use order_table::{Notification, Stored, attribute};
use queue_consumer::marks::Marks;
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, Queues, VisibilityChange};
use serde_json::Value;

use super::queues::{self, QueuePorts};
use crate::call::ClientTimeout;
use crate::checks::emails;
use crate::pipeline::Pipeline;
use crate::plan::Service;
use crate::rule::Rule;
use crate::world::{NotifierCall, World};

/// The timeouts of the real adapters (`notifier::adapters`).
const CALL_TIMEOUT: ClientTimeout = ClientTimeout::After(Duration::from_secs(2));
const EMAIL_TIMEOUT: ClientTimeout = ClientTimeout::After(Duration::from_secs(3));

/// The ports of notifier.
#[derive(Debug, Clone)]
pub(crate) struct NotifierPorts(pub(crate) Rc<World>);

impl NotifierPorts {
    async fn call<T>(
        &self,
        service: Service,
        timeout: ClientTimeout,
        operation: &'static str,
        effect: impl FnOnce(&World) -> T,
    ) -> Result<T, CallError> {
        let world = &*self.0;
        let result = world.call(service, timeout, operation, || effect(world)).await;
        result.map_err(CallError::new)
    }

    /// Panics if one of the orders makes this call panic.
    async fn panic_if_due(&self, call: NotifierCall, orders: &[OrderId]) {
        let world = &*self.0;
        let panics = |order| world.state.borrow().panickers_of_notifier.get(order) == Some(&call);
        if orders.iter().any(panics) {
            world.schedule.pause(Duration::from_millis(1)).await;
            let task = world.schedule.running();
            world.state.borrow_mut().history.panicked_tasks.insert(task);
            std::panic::resume_unwind(Box::new("an order that makes notifier panic"));
        }
    }

    /// Checks a call against AWS's limits: no more than `max` keys, and each key once.
    fn check_limits(&self, what: &str, orders: &[OrderId], max: usize) {
        let distinct: BTreeSet<&OrderId> = orders.iter().collect();
        if !(1..=max).contains(&orders.len()) || distinct.len() < orders.len() {
            let count = orders.len();
            self.0.report_violation(
                Rule::Limits,
                format!("{what} with {count} keys, or with one key twice"),
            );
        }
    }
}

impl Table for NotifierPorts {
    async fn read(&self, orders: &[OrderId]) -> Result<Rows, CallError> {
        self.check_limits("a read", orders, 100);
        let kills = orders
            .iter()
            .any(|order| self.0.state.borrow().killers_of_notifier.contains(order));
        if kills {
            self.0.state.borrow_mut().killed = Some(self.0.schedule.running());
            std::future::pending::<()>().await;
        }
        self.panic_if_due(NotifierCall::Read, orders).await;
        self.call(Service::Table, CALL_TIMEOUT, "BatchGetItem", |world| {
            let mut rows = Rows::default();
            for order in orders {
                if world.draw_entry_error().is_some() {
                    rows.unprocessed.push(*order);
                } else if let Some(row) = world.state.borrow().rows.get(order) {
                    let state = RowState::of(|attribute| row.contains_key(attribute));
                    rows.states.insert(*order, state);
                }
            }
            rows
        })
        .await
    }

    async fn mark(&self, orders: &[OrderId], about: EventType, mark: &Notification) -> Answers {
        self.check_limits("a mark", orders, 25);
        let task = self.0.schedule.running();
        // Each mark counts as failed until its answer comes. The answer of a call that panics never comes.
        for order in orders {
            let failed = &mut self.0.state.borrow_mut().history.failed_marks;
            *failed.entry((task, *order)).or_default() += 1;
        }
        self.panic_if_due(NotifierCall::Mark, orders).await;
        let marked = self
            .call(Service::Table, CALL_TIMEOUT, "mark", |world| {
                orders
                    .iter()
                    .map(|order| {
                        if let Some(code) = world.draw_entry_error() {
                            return Err(CallError::new(code));
                        }
                        set_mark(world, *order, about, mark);
                        Ok(())
                    })
                    .collect::<Vec<_>>()
            })
            .await;
        let history = &mut self.0.state.borrow_mut().history;
        for (index, order) in orders.iter().enumerate() {
            let is_confirmed = matches!(&marked, Ok(marked) if marked.get(index) == Some(&Ok(())));
            if is_confirmed {
                history.confirmed_marks.insert((task, *order));
                history.failed_marks.remove(&(task, *order));
            }
        }
        marked
    }
}

/// Marks a row as notified of an event, if it exists, is not marked yet and is no tombstone, and is cancelled only if the event says so, as
/// the conditional update does.
fn set_mark(world: &World, order: OrderId, about: EventType, mark: &Notification) {
    emails::check_mark(world, order, about, mark);
    let (notified_at, id) = emails::attributes(about);
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    if let Some(row) = state.rows.get_mut(&order)
        && !row.contains_key(notified_at)
        && row.contains_key(attribute::CANCELLED_AT) == (about == EventType::Cancelled)
        && !Stored::is_erased(row)
    {
        row.insert(id.to_owned(), Value::from(mark.id.as_str()));
        row.insert(notified_at.to_owned(), Value::from(mark.notified_at.to_string()));
        state.history.marked_at.insert((order, about), now);
    }
}

impl Emails for NotifierPorts {
    async fn subscribers(&self) -> Result<Subscribers, CallError> {
        self.call(
            Service::Emails,
            CALL_TIMEOUT,
            "ListSubscriptionsByTopic",
            |world| {
                let any_confirmed = world.state.borrow().subscription.is_confirmed;
                Subscribers {
                    any_confirmed,
                    is_shop_missing: !any_confirmed,
                }
            },
        )
        .await
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let contents = emails::check_attempt(&self.0, email);
        let published = self
            .call(Service::Emails, EMAIL_TIMEOUT, "Publish", |world| {
                emails::deliver(world, contents);
            })
            .await;
        if published.is_ok() {
            emails::confirm(&self.0, email);
        }
        published
    }
}

impl NotifierPorts {
    fn queues(&self) -> QueuePorts<'_> {
        QueuePorts {
            world: &self.0,
            pipeline: Pipeline::Notifications,
            timeout: CALL_TIMEOUT,
        }
    }
}

impl Marks for NotifierPorts {}

impl Queues for NotifierPorts {
    async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        self.queues().send(to, messages).await
    }

    async fn change_visibility(&self, of: Queue, changes: &[VisibilityChange]) -> Answers {
        self.queues().change_visibility(of, changes).await
    }
}

impl Clock for NotifierPorts {
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
