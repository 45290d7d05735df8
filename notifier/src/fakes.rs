//! An outside for tests: in memory, with time that passes only when it is slept, and faults on demand.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use order_core::row::Notification;
use order_core::{OrderConfirmed, OrderId, Timestamp};
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::{Clock, Queues, VisibilityChange};
use queue_consumer::refusal::{Answers, Refusal};
use serde_json::{Value, json};

use crate::email::Email;
use crate::ports::{CallError, Emails, Marking, Rows, Table};

/// What an order's event looks like: order `number` is the golden order under an id of its own.
pub(crate) fn event(number: u32) -> OrderConfirmed {
    event_with(number, |_| {})
}

/// The same with changes to the order.
pub(crate) fn event_with(number: u32, change: impl FnOnce(&mut Value)) -> OrderConfirmed {
    let mut event: Value =
        serde_json::from_str(include_str!("../../order-core/golden/event-v1.json")).unwrap();
    event["data"]["order_id"] = format!("0199d3a0-5c1e-7b3a-9f57-2c1d{number:08x}").into();
    change(&mut event["data"]["order"]);
    OrderConfirmed::from_json(&event.to_string()).unwrap()
}

/// A queue's message that carries `body`.
pub(crate) fn record(message: &str, receive_count: u32, body: &str) -> Value {
    json!({
        "messageId": message,
        "receiptHandle": format!("receipt of {message}"),
        "body": body,
        "attributes": {"ApproximateReceiveCount": receive_count.to_string()},
        "messageAttributes": {},
    })
}

/// Polls to the end what waits for nothing but its turn.
pub(crate) fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..100_000)
        .find_map(|_| match future.as_mut().poll(&mut context) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        })
        .unwrap()
}

/// Lets whatever else there is go on.
async fn turn() {
    let mut is_first = true;
    std::future::poll_fn(|context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) rows: RefCell<BTreeMap<OrderId, Option<Notification>>>,
    pub(crate) subscribers: Cell<u64>,
    pub(crate) emails: RefCell<Vec<(Duration, Email)>>,
    pub(crate) letters: RefCell<Vec<DeadLetter>>,
    pub(crate) postponed: RefCell<Vec<VisibilityChange>>,
    pub(crate) deleted: RefCell<Vec<String>>,
    pub(crate) calls: RefCell<Vec<&'static str>>,
    /// Operations that fail, each entry once and before it has an effect.
    pub(crate) faults: RefCell<VecDeque<&'static str>>,
    /// Operations whose response is lost after their effect.
    pub(crate) lost_responses: RefCell<VecDeque<&'static str>>,
    /// Operations that panic, each entry once and before it has an effect.
    pub(crate) panics: RefCell<VecDeque<&'static str>>,
    /// An order on which an operation panics, for ever.
    pub(crate) panics_on: Cell<Option<(&'static str, OrderId)>>,
    /// A piece of an email's text that makes the publishing panic.
    pub(crate) panic_on: RefCell<Option<String>>,
    /// Orders that one read leaves unprocessed.
    pub(crate) unprocessed_once: RefCell<BTreeSet<OrderId>>,
    /// What each call takes.
    pub(crate) call_time: Cell<Duration>,
    /// Calls that mark in flight, and the most of them that there were.
    marks_in_flight: Cell<usize>,
    pub(crate) most_marks_in_flight: Cell<usize>,
    time: Cell<Duration>,
}

impl World {
    pub(crate) fn with_orders(count: u32) -> Self {
        let world = Self::default();
        world.subscribers.set(1);
        world
            .rows
            .borrow_mut()
            .extend((1..=count).map(|number| (event(number).order_id, None)));
        world
    }

    pub(crate) fn marks(&self) -> usize {
        self.rows.borrow().values().flatten().count()
    }

    pub(crate) fn calls_of(&self, operation: &str) -> usize {
        self.calls
            .borrow()
            .iter()
            .filter(|call| **call == operation)
            .count()
    }

    pub(crate) fn advance(&self, duration: Duration) {
        self.time.set(self.time.get() + duration);
    }

    fn perhaps_panic(&self, operation: &'static str, orders: &[OrderId]) {
        let panics_on = self.panics_on.get();
        if panics_on.is_some_and(|(on, order)| on == operation && orders.contains(&order)) {
            self.calls.borrow_mut().push(operation);
            panic!("a fault that the test asked for");
        }
    }

    fn call<T>(&self, operation: &'static str, effect: impl FnOnce() -> T) -> Result<T, CallError> {
        self.calls.borrow_mut().push(operation);
        self.advance(self.call_time.get());
        assert!(!take(&self.panics, operation), "a fault that the test asked for");
        let error = |reason: &str| CallError {
            operation,
            reason: reason.to_owned(),
        };
        if take(&self.faults, operation) {
            return Err(error("ThrottlingException"));
        }
        let result = effect();
        if take(&self.lost_responses, operation) {
            Err(error("timeout"))
        } else {
            Ok(result)
        }
    }
}

fn take(faults: &RefCell<VecDeque<&'static str>>, operation: &str) -> bool {
    let mut faults = faults.borrow_mut();
    let Some(place) = faults.iter().position(|fault| *fault == operation) else {
        return false;
    };
    faults.remove(place).is_some()
}

impl Table for &World {
    async fn read(&self, orders: &[OrderId]) -> Result<Rows, CallError> {
        assert!((1..=Self::MAX_READS).contains(&orders.len()));
        self.perhaps_panic("read", orders);
        self.call("read", || {
            let skipped = std::mem::take(&mut *self.unprocessed_once.borrow_mut());
            let (unprocessed, processed): (Vec<_>, Vec<_>) =
                orders.iter().partition(|order| skipped.contains(order));
            let rows = self.rows.borrow();
            let marked = processed
                .iter()
                .filter_map(|order| Some((*order, rows.get(order)?.is_some())))
                .collect();
            Rows { marked, unprocessed }
        })
    }

    async fn mark(&self, orders: &[OrderId], mark: &Notification) -> Result<Vec<Marking>, CallError> {
        assert!((1..=Self::MAX_MARKS).contains(&orders.len()));
        self.marks_in_flight.set(self.marks_in_flight.get() + 1);
        self.most_marks_in_flight
            .set(self.most_marks_in_flight.get().max(self.marks_in_flight.get()));
        turn().await;
        self.marks_in_flight.set(self.marks_in_flight.get() - 1);
        self.perhaps_panic("mark", orders);
        self.call("mark", || {
            let mut rows = self.rows.borrow_mut();
            orders
                .iter()
                .map(|order| {
                    if take(&self.faults, "mark of one") {
                        return Marking::Failed("ThrottlingError".to_owned());
                    }
                    if let Some(row) = rows.get_mut(order) {
                        row.get_or_insert_with(|| mark.clone());
                    }
                    Marking::Marked
                })
                .collect()
        })
    }
}

impl Emails for &World {
    async fn confirmed_subscribers(&self) -> Result<u64, CallError> {
        self.call("subscribers", || self.subscribers.get())
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let panics = self
            .panic_on
            .borrow()
            .as_ref()
            .is_some_and(|text| email.body.contains(text));
        assert!(!panics, "a fault that the test asked for");
        self.call("publish", || {
            self.emails.borrow_mut().push((self.time.get(), email.clone()));
        })
    }
}

impl World {
    /// A call with entries that go all the same way.
    fn batch(&self, operation: &'static str, entries: usize, effect: impl FnOnce()) -> Answers {
        assert!((1..=10).contains(&entries));
        let called = self.call(operation, effect);
        called
            .map(|()| vec![Ok(()); entries])
            .map_err(|error| Refusal::new(error.reason))
    }
}

impl Queues for &World {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        self.batch("bury", letters.len(), || {
            self.letters.borrow_mut().extend(letters.iter().copied().cloned());
        })
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        self.batch("postpone", changes.len(), || {
            self.postponed.borrow_mut().extend_from_slice(changes);
        })
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.batch("delete", receipt_handles.len(), || {
            let deleted = receipt_handles.iter().map(|handle| (*handle).to_owned());
            self.deleted.borrow_mut().extend(deleted);
        })
    }
}

impl Clock for &World {
    fn monotonic(&self) -> Duration {
        self.time.get()
    }

    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-23T09:35:02.000Z".parse().unwrap();
        Timestamp::new(start.as_offset_date_time() + self.time.get())
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
