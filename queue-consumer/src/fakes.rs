//! Queues and time in memory, with faults to order: for the tests of this crate.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use order_core::Timestamp;
use time::OffsetDateTime;

use crate::dead_letter::DeadLetter;
use crate::ports::{Clock, Queues, VisibilityChange};
use crate::record::{Attribute, Record};
use crate::refusal::{Answers, Refusal};

/// How calls of one kind go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The whole call is refused.
    Refused,
    /// The entry at this place of each call is refused.
    Entry(usize),
    /// The answer is empty.
    Empty,
    /// The call panics.
    Panic,
    /// The call never ends.
    Hangs,
}

/// The queue and its dead-letter queue.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    /// How letters are sent, and how all the rest is done.
    pub(crate) burials: Cell<Fault>,
    pub(crate) others: Cell<Fault>,
    /// The message whose letter makes a burial panic.
    pub(crate) burial_panics_on: RefCell<Option<String>>,
    pub(crate) letters: RefCell<Vec<DeadLetter>>,
    /// How many entries each call that buries had.
    pub(crate) letters_a_call: RefCell<Vec<usize>>,
    pub(crate) changes: RefCell<Vec<VisibilityChange>>,
    pub(crate) deleted: RefCell<Vec<String>>,
    /// What each call takes.
    pub(crate) call_time: Cell<Duration>,
    pub(crate) time: Cell<Duration>,
}

/// Record `m{number}` with receipt handle `r{number}`.
pub(crate) fn record(number: usize, receive_count: u32) -> Record {
    Record {
        message_id: Some(format!("m{number}")),
        receipt_handle: Some(format!("r{number}")),
        body: Some("body".to_owned()),
        receive_count,
        attributes: [("trace".to_owned(), Attribute::text("t"))].into(),
    }
}

impl Outside {
    async fn call(&self, fault: Fault, entries: usize, effect: impl Fn(usize)) -> Answers {
        assert!((1..=10).contains(&entries));
        self.time.set(self.time.get() + self.call_time.get());
        match fault {
            Fault::Refused => return Err(Refusal::new("InternalError")),
            Fault::Panic => panic!("as the test asks"),
            Fault::Hangs => std::future::pending::<()>().await,
            Fault::None | Fault::Entry(_) | Fault::Empty => {}
        }
        let answer = |place| {
            if fault == Fault::Entry(place) {
                return Err(Refusal::new("InternalError"));
            }
            effect(place);
            Ok(())
        };
        let answers = (0..entries).map(answer).collect();
        Ok(if fault == Fault::Empty {
            Vec::new()
        } else {
            answers
        })
    }
}

impl Queues for Outside {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        assert!(letters.iter().map(|letter| letter.size()).sum::<usize>() <= 1024 * 1024);
        self.letters_a_call.borrow_mut().push(letters.len());
        let panics_on = self.burial_panics_on.borrow().clone();
        let source = |letter: &&DeadLetter| {
            letter.attributes()["source_message_id"]
                .as_text()
                .map(str::to_owned)
        };
        assert!(
            panics_on.is_none() || !letters.iter().any(|letter| source(letter) == panics_on),
            "as the test asks"
        );
        let store = |place: usize| self.letters.borrow_mut().push(letters[place].clone());
        self.call(self.burials.get(), letters.len(), store).await
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        let change = |place: usize| self.changes.borrow_mut().push(changes[place].clone());
        self.call(self.others.get(), changes.len(), change).await
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        let delete = |place: usize| self.deleted.borrow_mut().push(receipt_handles[place].to_owned());
        self.call(self.others.get(), receipt_handles.len(), delete).await
    }
}

impl Clock for Outside {
    fn monotonic(&self) -> Duration {
        self.time.get()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + self.time.get())
    }

    /// Time passes only where somebody waits for it.
    async fn sleep(&self, duration: Duration) {
        self.time.set(self.time.get() + duration);
    }
}
