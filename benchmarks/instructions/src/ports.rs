//! The ports of order-worker and notifier: every call succeeds at once, and nothing is kept.

use std::cell::Cell;
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use notifier::email::Email;
use notifier::ports::{Emails, RowState, Rows, Subscribers};
use order_core::{EventType, OrderId, Timestamp};
use order_table::{Attributes, Notification};
use order_worker::ports::{Events, Publication, Read};
use queue_consumer::marks::Marks;
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, Queues, VisibilityChange};

/// All ports. Time passes only while something waits for it.
#[derive(Debug)]
pub(crate) struct Ports {
    started: Timestamp,
    elapsed: Cell<Duration>,
}

impl Ports {
    /// The ports at a moment.
    pub(crate) fn new(started: Timestamp) -> Self {
        Self {
            started,
            elapsed: Cell::default(),
        }
    }
}

/// The answer for each item of a call: no error.
fn all<T>(items: &[T]) -> Vec<Result<(), CallError>> {
    vec![Ok(()); items.len()]
}

impl order_worker::ports::Table for Ports {
    async fn insert_batch(&self, rows: &[&Attributes]) -> Answers {
        Ok(all(rows))
    }

    async fn cancel_batch(&self, ids: &[OrderId], _: Timestamp) -> Answers {
        Ok(all(ids))
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, CallError> {
        Ok(Read {
            rows: Vec::new(),
            unprocessed: ids.to_vec(),
        })
    }
}

impl Events for Ports {
    async fn publish_batch(&self, events: &[&Publication]) -> Answers {
        Ok(all(events))
    }
}

impl notifier::ports::Table for Ports {
    async fn read(&self, orders: &[OrderId]) -> Result<Rows, CallError> {
        let states = orders.iter().map(|order| (*order, RowState::Unmarked));
        Ok(Rows {
            states: states.collect(),
            unprocessed: Vec::new(),
        })
    }

    async fn mark(&self, orders: &[OrderId], _: EventType, _: &Notification) -> Answers {
        Ok(all(orders))
    }
}

impl Emails for Ports {
    async fn subscribers(&self) -> Result<Subscribers, CallError> {
        Ok(Subscribers {
            any_confirmed: true,
            is_shop_missing: false,
        })
    }

    async fn publish(&self, _: &Email) -> Result<(), CallError> {
        Ok(())
    }
}

impl Queues for Ports {
    async fn send(&self, _: Queue, messages: &[&Outgoing]) -> Answers {
        Ok(all(messages))
    }

    async fn change_visibility(&self, _: Queue, changes: &[VisibilityChange]) -> Answers {
        Ok(all(changes))
    }
}

impl Marks for Ports {}

impl Clock for Ports {
    fn monotonic(&self) -> Duration {
        self.elapsed.get()
    }

    fn now(&self) -> Timestamp {
        self.started
    }

    async fn sleep(&self, duration: Duration) {
        self.elapsed.set(self.elapsed.get() + duration);
    }
}
