//! The ports in memory, with injected faults and with time that passes only while something waits for it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use order_core::{EventType, OrderCancelled, OrderConfirmed, OrderEvent, OrderId, Timestamp};
use order_table::Notification;
use queue_consumer::marks::Marks;
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, Queues, VisibilityChange};
use serde_json::{Value, json};

use crate::email::Email;
use crate::ports::{Emails, RowState, Rows, Subscribers, Table};

/// The event of order `number`: the golden order with an id of its own.
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

/// The event that order `number` is cancelled.
pub(crate) fn cancelled(number: u32) -> OrderEvent {
    OrderEvent::Cancelled(OrderCancelled {
        confirmed: event(number),
        cancelled_at: "2026-11-23T10:00:00.000Z".parse().unwrap(),
    })
}

/// A record with this body.
pub(crate) fn record(message: &str, receive_count: u32, body: &str) -> Value {
    json!({
        "messageId": message,
        "receiptHandle": format!("receipt of {message}"),
        "body": body,
        "attributes": {"ApproximateReceiveCount": receive_count.to_string()},
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:notifications",
        "messageAttributes": {},
    })
}

/// Polls a future that only yields until it completes.
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

/// Yields once.
async fn yield_once() {
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
    /// The cancelled orders, with the mark of the email about the cancellation.
    pub(crate) cancelled: RefCell<BTreeMap<OrderId, Option<Notification>>>,
    /// Orders of which only a tombstone is left.
    pub(crate) erased: RefCell<BTreeSet<OrderId>>,
    pub(crate) subscribers: Cell<u64>,
    pub(crate) emails: RefCell<Vec<(Duration, Email)>>,
    pub(crate) sent: RefCell<Vec<(Queue, Outgoing)>>,
    pub(crate) calls: RefCell<Vec<&'static str>>,
    /// Operations that fail before their effect, each entry once.
    pub(crate) faults: RefCell<VecDeque<&'static str>>,
    /// Operations whose response is lost after their effect.
    pub(crate) lost_responses: RefCell<VecDeque<&'static str>>,
    /// Operations that panic before their effect, each entry once.
    pub(crate) panics: RefCell<VecDeque<&'static str>>,
    /// An order on which an operation always panics.
    pub(crate) panics_on: Cell<Option<(&'static str, OrderId)>>,
    /// A text in an email that makes its publish panic.
    pub(crate) panic_on: RefCell<Option<String>>,
    /// A text in an email that SNS refuses.
    pub(crate) refuses: RefCell<Option<String>>,
    /// An order whose mark is always refused.
    pub(crate) unmarkable: Cell<Option<OrderId>>,
    /// Nobody is subscribed before this time.
    pub(crate) subscribed_from: Cell<Duration>,
    /// Orders that one read leaves unprocessed.
    pub(crate) unprocessed_once: RefCell<BTreeSet<OrderId>>,
    /// The duration of each call.
    pub(crate) call_time: Cell<Duration>,
    /// Calls that mark in flight now, and their maximum.
    marks_in_flight: Cell<usize>,
    pub(crate) max_marks_in_flight: Cell<usize>,
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
            panic!("as the test asks");
        }
    }

    fn call<T>(&self, operation: &'static str, effect: impl FnOnce() -> T) -> Result<T, CallError> {
        self.calls.borrow_mut().push(operation);
        self.advance(self.call_time.get());
        assert!(!take(&self.panics, operation), "as the test asks");
        if take(&self.faults, operation) {
            return Err(CallError::new("ThrottlingException"));
        }
        let result = effect();
        if take(&self.lost_responses, operation) {
            Err(CallError::new("timed_out"))
        } else {
            Ok(result)
        }
    }
}

fn take(faults: &RefCell<VecDeque<&'static str>>, operation: &str) -> bool {
    let mut faults = faults.borrow_mut();
    let Some(index) = faults.iter().position(|fault| *fault == operation) else {
        return false;
    };
    faults.remove(index).is_some()
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
            let state = |order| {
                if self.erased.borrow().contains(order) {
                    return Some(RowState::Erased);
                }
                match self.cancelled.borrow().get(order) {
                    Some(Some(_)) => return Some(RowState::CancellationMarked),
                    Some(None) => return Some(RowState::Cancelled),
                    None => {}
                }
                Some(match rows.get(order)? {
                    Some(_) => RowState::Marked,
                    None => RowState::Unmarked,
                })
            };
            let states = processed
                .iter()
                .filter_map(|order| Some((*order, state(order)?)))
                .collect();
            Rows { states, unprocessed }
        })
    }

    async fn mark(&self, orders: &[OrderId], about: EventType, mark: &Notification) -> Answers {
        assert!((1..=Self::MAX_MARKS).contains(&orders.len()));
        self.marks_in_flight.set(self.marks_in_flight.get() + 1);
        self.max_marks_in_flight
            .set(self.max_marks_in_flight.get().max(self.marks_in_flight.get()));
        yield_once().await;
        self.marks_in_flight.set(self.marks_in_flight.get() - 1);
        self.perhaps_panic("mark", orders);
        self.call("mark", || {
            let mut rows = self.rows.borrow_mut();
            let mut cancelled = self.cancelled.borrow_mut();
            orders
                .iter()
                .map(|order| {
                    if take(&self.faults, "mark of one") || self.unmarkable.get() == Some(*order) {
                        return Err(CallError::new("ThrottlingError"));
                    }
                    let row = match (about, cancelled.get_mut(order)) {
                        (EventType::Confirmed, None) => rows.get_mut(order),
                        (EventType::Confirmed, Some(_)) => None,
                        (EventType::Cancelled, row) => row,
                    };
                    if let Some(row) = row {
                        row.get_or_insert_with(|| mark.clone());
                    }
                    Ok(())
                })
                .collect()
        })
    }
}

impl Emails for &World {
    async fn subscribers(&self) -> Result<Subscribers, CallError> {
        self.call("subscribers", || {
            let is_subscribed = self.time.get() >= self.subscribed_from.get() && self.subscribers.get() > 0;
            Subscribers {
                any_confirmed: is_subscribed,
                is_shop_missing: !is_subscribed,
            }
        })
    }

    async fn publish(&self, email: &Email) -> Result<(), CallError> {
        let has = |text: &String| email.body.contains(text);
        assert!(
            !self.panic_on.borrow().as_ref().is_some_and(has),
            "as the test asks"
        );
        if self.refuses.borrow().as_ref().is_some_and(has) {
            self.calls.borrow_mut().push("publish");
            return Err(CallError::new("InvalidParameter"));
        }
        self.call("publish", || {
            self.emails.borrow_mut().push((self.time.get(), email.clone()));
        })
    }
}

impl World {
    /// A batch call to the queue.
    fn batch(&self, operation: &'static str, messages: usize, effect: impl FnOnce()) -> Answers {
        assert!((1..=10).contains(&messages));
        self.call(operation, effect).map(|()| vec![Ok(()); messages])
    }
}

/// Whoever placed an order does not see whether it was notified.
impl Marks for &World {}

impl Queues for &World {
    async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        let operation = match to {
            Queue::Main => "send again",
            Queue::Retry => "isolate",
            Queue::DeadLetter => "dead-letter",
        };
        self.batch(operation, messages.len(), || {
            let stored = messages.iter().map(|&message| (to, message.clone()));
            self.sent.borrow_mut().extend(stored);
        })
    }

    async fn change_visibility(&self, _: Queue, changes: &[VisibilityChange]) -> Answers {
        self.batch("put off", changes.len(), || ())
    }
}

impl World {
    /// The messages that were sent to a queue.
    pub(crate) fn sent_to(&self, queue: Queue) -> Vec<Outgoing> {
        let sent = self.sent.borrow();
        let to_queue = sent.iter().filter(|(to, _)| *to == queue);
        to_queue.map(|(_, message)| message.clone()).collect()
    }

    /// The numbers of the orders whose messages were sent again.
    pub(crate) fn sent_again(&self) -> Vec<u32> {
        let number = |message: &Outgoing| {
            let id = OrderEvent::from_json(message.body())
                .unwrap()
                .order_id()
                .to_string();
            u32::from_str_radix(&id[28..], 16).unwrap()
        };
        self.sent_to(Queue::Main).iter().map(number).collect()
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

    /// Time passes only after everything else that runs at once has had its turn.
    async fn sleep(&self, duration: Duration) {
        yield_once().await;
        yield_once().await;
        self.advance(duration);
    }
}
