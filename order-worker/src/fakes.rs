//! The ports in memory, with injected faults, for the tests of this crate.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use order_core::{Order, OrderId, OrderMessage, Timestamp};
use order_table::{Attributes, Stored, attribute};
use queue_consumer::marks::{Mark, Marks};
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, Queues, VisibilityChange};
use queue_consumer::retries::Retries;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::ports::{Events, Publication, Read, Table};

/// The message of order number `number` with this note.
pub(crate) fn message(number: u128, note: &str) -> OrderMessage {
    let order = Order::restore(&json!({
        "customer": {"id": "c-1", "email": "ada@example.com"}, "currency": "EUR", "note": note,
        "items": [{"sku": "MUG-01", "quantity": 2, "unit_price": "12.50"}],
    }));
    let accepted_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
    OrderMessage::new(
        OrderId::new(uuid::Uuid::from_u128(number)),
        accepted_at,
        order.unwrap(),
    )
}

/// A call, with the number of its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Insert(usize),
    Cancel(usize),
    Read(usize),
    Publish(usize),
    Send(Queue, usize),
    PutOff(usize),
    Mark(usize),
}

/// The settings of retries.
pub(crate) fn retries() -> Retries {
    Retries {
        queue_url: "http://q/0/orders-retry".to_owned(),
        max_age: Duration::from_hours(24),
    }
}

/// All ports. Each call takes one fault from its list: the code of one item, or of the whole call.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    pub(crate) rows: RefCell<BTreeMap<String, Attributes>>,
    pub(crate) events: RefCell<Vec<String>>,
    pub(crate) sent: RefCell<Vec<(Queue, Outgoing)>>,
    pub(crate) calls: RefCell<Vec<Call>>,
    /// One per call: the index of a statement and its code.
    pub(crate) insert_faults: RefCell<VecDeque<(usize, &'static str)>>,
    /// One per call: the code of the whole call.
    pub(crate) insert_errors: RefCell<VecDeque<&'static str>>,
    /// One per call that cancels: the code of the whole call.
    pub(crate) cancel_errors: RefCell<VecDeque<&'static str>>,
    /// The number of ids that the next read leaves unprocessed.
    pub(crate) unprocessed: Cell<usize>,
    pub(crate) hides_rows: Cell<bool>,
    /// The text of an event whose publication always fails, and its code.
    pub(crate) publish_fault: RefCell<Option<(String, &'static str)>>,
    /// The text of an event that makes its whole call fail, always, and the code.
    pub(crate) publish_error: RefCell<Option<(String, &'static str)>>,
    /// The text of an event on which a publish panics.
    pub(crate) publish_panics_on: RefCell<Option<String>>,
    pub(crate) send_error: Cell<Option<&'static str>>,
    /// The note on which an insert panics.
    pub(crate) panics_on: RefCell<Option<String>>,
    /// The order on which a read panics.
    pub(crate) read_panics_on: Cell<Option<OrderId>>,
    /// Whether inserts never answer.
    pub(crate) hangs: Cell<bool>,
    /// The number of readings of the monotonic clock after which one reading panics.
    pub(crate) clock_panics_after: Cell<Option<usize>>,
    /// The duration of each call.
    pub(crate) call_time: Cell<Duration>,
    pub(crate) elapsed: Cell<Duration>,
}

impl Outside {
    fn record(&self, call: Call) {
        self.calls.borrow_mut().push(call);
        self.elapsed.set(self.elapsed.get() + self.call_time.get());
    }
}

impl Table for &Outside {
    async fn insert_batch(&self, rows: &[&Attributes]) -> Answers {
        self.record(Call::Insert(rows.len()));
        if self.hangs.get() {
            std::future::pending::<()>().await;
        }
        let error = self.insert_errors.borrow_mut().pop_front();
        if let Some(code) = error {
            return Err(CallError::new(code));
        }
        let panics_on = self.panics_on.borrow().clone();
        assert!(
            panics_on.is_none()
                || !rows
                    .iter()
                    .any(|row| row.get("note").and_then(Value::as_str) == panics_on.as_deref()),
            "as the test asks"
        );
        let fault = self.insert_faults.borrow_mut().pop_front();
        let insert = |(index, row): (usize, &&Attributes)| {
            if let Some((_, code)) = fault.filter(|(at, _)| *at == index) {
                return Err(CallError::new(code));
            }
            let id = row[attribute::ORDER_ID].as_str().unwrap().to_owned();
            let mut stored = self.rows.borrow_mut();
            if stored.contains_key(&id) {
                return Err(CallError::new("DuplicateItem"));
            }
            stored.insert(id, (*row).clone());
            Ok(())
        };
        Ok(rows.iter().enumerate().map(insert).collect())
    }

    async fn cancel_batch(&self, ids: &[OrderId], cancelled_at: Timestamp) -> Answers {
        self.record(Call::Cancel(ids.len()));
        let error = self.cancel_errors.borrow_mut().pop_front();
        if let Some(code) = error {
            return Err(CallError::new(code));
        }
        for id in ids {
            if let Some(row) = self.rows.borrow_mut().get_mut(&id.to_string())
                && !Stored::is_erased(row)
            {
                row.entry(attribute::CANCELLED_AT.to_owned())
                    .or_insert_with(|| json!(cancelled_at));
            }
        }
        Ok(vec![Ok(()); ids.len()])
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, CallError> {
        self.record(Call::Read(ids.len()));
        let panics_on = self.read_panics_on.get();
        assert!(
            panics_on.is_none_or(|order| !ids.contains(&order)),
            "as the test asks"
        );
        let unprocessed: Vec<OrderId> = ids.iter().copied().take(self.unprocessed.take()).collect();
        let rows = self.rows.borrow();
        let found = ids
            .iter()
            .filter(|id| !unprocessed.contains(id) && !self.hides_rows.get());
        Ok(Read {
            rows: found
                .filter_map(|id| rows.get(&id.to_string()).cloned())
                .collect(),
            unprocessed,
        })
    }
}

impl Events for &Outside {
    async fn publish_batch(&self, events: &[&Publication]) -> Answers {
        self.record(Call::Publish(events.len()));
        let has = |text: &String| events.iter().any(|publication| publication.event.contains(text));
        assert!(
            !self.publish_panics_on.borrow().as_ref().is_some_and(has),
            "as the test asks"
        );
        if let Some((text, code)) = &*self.publish_error.borrow()
            && has(text)
        {
            return Err(CallError::new(*code));
        }
        let fault = self.publish_fault.borrow();
        let publish = |publication: &&Publication| match &*fault {
            Some((text, code)) if publication.event.contains(text) => Err(CallError::new(*code)),
            _ => {
                self.events.borrow_mut().push(publication.event.clone());
                Ok(())
            }
        };
        Ok(events.iter().map(publish).collect())
    }
}

impl Queues for &Outside {
    async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        self.record(Call::Send(to, messages.len()));
        if let Some(code) = self.send_error.get() {
            return Err(CallError::new(code));
        }
        let sent = messages.iter().map(|&message| (to, message.clone()));
        self.sent.borrow_mut().extend(sent);
        Ok(vec![Ok(()); messages.len()])
    }

    async fn change_visibility(&self, _: Queue, changes: &[VisibilityChange]) -> Answers {
        self.record(Call::PutOff(changes.len()));
        Ok(vec![Ok(()); changes.len()])
    }
}

impl Marks for &Outside {
    async fn mark_dead_letters(&self, marks: &[Mark]) -> Answers {
        self.record(Call::Mark(marks.len()));
        Ok(vec![Ok(()); marks.len()])
    }
}

impl Clock for &Outside {
    fn monotonic(&self) -> Duration {
        if let Some(readings) = self.clock_panics_after.get() {
            self.clock_panics_after.set(readings.checked_sub(1));
            assert!(readings > 0, "as the test asks");
        }
        self.elapsed.get()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + self.elapsed.get())
    }

    /// Time passes only while something waits for it.
    async fn sleep(&self, duration: Duration) {
        self.elapsed.set(self.elapsed.get() + duration);
    }
}
