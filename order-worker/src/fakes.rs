//! The outside, in memory, with faults to order: for the tests of this crate.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use order_core::row::{Attributes, attribute};
use order_core::{Order, OrderId, OrderMessage, Timestamp};
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::ports::{Clock, Queues, VisibilityChange};
use queue_consumer::refusal::{Answers, Refusal};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::ports::{Events, Read, Table};

/// The message of order number `number`, told apart by `note`.
pub(crate) fn message(number: u128, note: &str) -> OrderMessage {
    let order = Order::parse(&json!({
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

/// What was called, in order, with what it was called for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Insert(usize),
    Read(usize),
    Publish(usize),
    Bury(usize),
    Delay(Vec<String>),
    Delete(Vec<String>),
}

/// All ports. A fault is taken from its list by each call: the statement's or entry's code, or the whole call's.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    pub(crate) rows: RefCell<BTreeMap<String, Attributes>>,
    pub(crate) events: RefCell<Vec<String>>,
    pub(crate) letters: RefCell<Vec<DeadLetter>>,
    pub(crate) delays: RefCell<Vec<VisibilityChange>>,
    pub(crate) calls: RefCell<Vec<Call>>,
    /// Per statement, by place.
    pub(crate) insert_faults: RefCell<VecDeque<(usize, &'static str)>>,
    /// Per call.
    pub(crate) insert_refusals: RefCell<VecDeque<&'static str>>,
    /// Ids left unprocessed by the next reads.
    pub(crate) unprocessed: Cell<usize>,
    pub(crate) hides_rows: Cell<bool>,
    /// Per entry that contains a text, for ever.
    pub(crate) publish_fault: RefCell<Option<(String, &'static str)>>,
    /// Per call with an event that contains a text, for ever.
    pub(crate) publish_refusal: RefCell<Option<(String, &'static str)>>,
    /// The text in an event on which a publish panics.
    pub(crate) publish_panics_on: RefCell<Option<String>>,
    pub(crate) bury_refusal: Cell<Option<&'static str>>,
    /// The note on which an insert panics.
    pub(crate) panics_on: RefCell<Option<String>>,
    /// The order on which a read panics.
    pub(crate) read_panics_on: Cell<Option<OrderId>>,
    /// Whether inserts never answer.
    pub(crate) hangs: Cell<bool>,
    /// What each call takes.
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
        let refusal = self.insert_refusals.borrow_mut().pop_front();
        if let Some(code) = refusal {
            return Err(Refusal::new(code));
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
        let insert = |(place, row): (usize, &&Attributes)| {
            if let Some((_, code)) = fault.filter(|(at, _)| *at == place) {
                return Err(Refusal::new(code));
            }
            let id = row[attribute::ORDER_ID].as_str().unwrap().to_owned();
            let mut stored = self.rows.borrow_mut();
            if stored.contains_key(&id) {
                return Err(Refusal::new("DuplicateItem"));
            }
            stored.insert(id, (*row).clone());
            Ok(())
        };
        Ok(rows.iter().enumerate().map(insert).collect())
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, Refusal> {
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
    async fn publish_batch(&self, events: &[&str]) -> Answers {
        self.record(Call::Publish(events.len()));
        let has = |text: &String| events.iter().any(|event| event.contains(text));
        assert!(
            !self.publish_panics_on.borrow().as_ref().is_some_and(has),
            "as the test asks"
        );
        if let Some((text, code)) = &*self.publish_refusal.borrow()
            && has(text)
        {
            return Err(Refusal::new(*code));
        }
        let fault = self.publish_fault.borrow();
        let publish = |event: &&str| match &*fault {
            Some((text, code)) if event.contains(text) => Err(Refusal::new(*code)),
            _ => {
                self.events.borrow_mut().push((*event).to_owned());
                Ok(())
            }
        };
        Ok(events.iter().map(publish).collect())
    }
}

impl Queues for &Outside {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        self.record(Call::Bury(letters.len()));
        if let Some(code) = self.bury_refusal.get() {
            return Err(Refusal::new(code));
        }
        self.letters.borrow_mut().extend(letters.iter().copied().cloned());
        Ok(vec![Ok(()); letters.len()])
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        self.record(Call::Delay(
            changes
                .iter()
                .map(|change| change.receipt_handle.clone())
                .collect(),
        ));
        self.delays.borrow_mut().extend_from_slice(changes);
        Ok(vec![Ok(()); changes.len()])
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        self.record(Call::Delete(
            receipt_handles
                .iter()
                .map(|&receipt| receipt.to_owned())
                .collect(),
        ));
        Ok(vec![Ok(()); receipt_handles.len()])
    }
}

impl Clock for &Outside {
    fn monotonic(&self) -> Duration {
        self.elapsed.get()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + self.elapsed.get())
    }

    /// Time passes only where somebody waits for it.
    async fn sleep(&self, duration: Duration) {
        self.elapsed.set(self.elapsed.get() + duration);
    }
}
