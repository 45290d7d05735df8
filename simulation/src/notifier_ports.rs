//! The world as notifier sees it.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use notifier::email::Email;
use notifier::ports::{Emails, Rows, Table};
use order_core::{OrderId, Timestamp};
use order_table::{Notification, attribute};
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::{Queues, VisibilityChange};

use crate::checks::emails;
use crate::fate::Patience;
use crate::plan::Service;
use crate::queue_ports::{self, QueuePorts};
use crate::rule::Rule;
use crate::worker_ports;
use crate::world::{Line, NotifierCall, World};

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
        result.map_err(CallError::new)
    }

    /// Some orders make the code panic.
    async fn perhaps_panic(&self, call: NotifierCall, orders: &[OrderId]) {
        let world = &*self.0;
        let panics = |order| world.state.borrow().panickers_of_notifier.get(order) == Some(&call);
        if orders.iter().any(panics) {
            world.schedule.pause(Duration::from_millis(1)).await;
            let task = world.schedule.running();
            world.state.borrow_mut().ledger.panicked.insert(task);
            std::panic::resume_unwind(Box::new("a panicker"));
        }
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
        self.perhaps_panic(NotifierCall::Read, orders).await;
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

    async fn mark(&self, orders: &[OrderId], mark: &Notification) -> Answers {
        self.limit("a mark", orders, 25);
        emails::name(&self.0, orders, mark);
        let task = self.0.schedule.running();
        // Each has failed until it is answered: a call that panics never is.
        for order in orders {
            let failed = &mut self.0.state.borrow_mut().ledger.marks_failed;
            *failed.entry((task, *order)).or_default() += 1;
        }
        self.perhaps_panic(NotifierCall::Mark, orders).await;
        let marked = self
            .call(Service::Table, CALL, "mark", |world| {
                orders
                    .iter()
                    .map(|order| {
                        if let Some(code) = world.entry_refusal() {
                            return Err(CallError::new(code));
                        }
                        set(world, *order, mark);
                        Ok(())
                    })
                    .collect::<Vec<_>>()
            })
            .await;
        let ledger = &mut self.0.state.borrow_mut().ledger;
        for (place, order) in orders.iter().enumerate() {
            let is_seen = matches!(&marked, Ok(marked) if marked.get(place) == Some(&Ok(())));
            if is_seen {
                ledger.marks_seen.insert((task, *order));
                ledger.marks_failed.remove(&(task, *order));
            }
        }
        marked
    }
}

/// Sets one mark, as the conditional update does: on a row that exists and has none.
fn set(world: &World, order: OrderId, mark: &Notification) {
    emails::check_mark(world, order, mark);
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    if let Some(row) = state.rows.get_mut(&order)
        && !row.contains_key(attribute::NOTIFIED_AT)
    {
        worker_ports::mark(row, &mark.id, mark.notified_at);
        state.ledger.marked.insert(order, now);
    }
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

impl NotifierPorts {
    fn queues(&self) -> QueuePorts<'_> {
        QueuePorts {
            world: &self.0,
            line: Line::Notifications,
            patience: CALL,
        }
    }
}

impl Queues for NotifierPorts {
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

impl Clock for NotifierPorts {
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
