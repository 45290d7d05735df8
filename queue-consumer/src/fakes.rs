//! Queues and a clock in memory, with injected faults, for the tests of this crate.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use time::OffsetDateTime;
use timestamp::Timestamp;

use crate::dead_letter::DeadLetter;
use crate::ports::{Queues, VisibilityChange};
use crate::record::{Attribute, Record};

/// The fault of all calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The whole call is refused.
    Refused,
    /// The message at this index of each call is refused.
    Message(usize),
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
    /// The fault of calls that send dead letters.
    pub(crate) dead_letter_fault: Cell<Fault>,
    /// The fault of all other calls.
    pub(crate) other_fault: Cell<Fault>,
    /// The message whose dead letter makes its call panic.
    pub(crate) dead_letter_panics_on: RefCell<Option<String>>,
    pub(crate) dead_letters: RefCell<Vec<DeadLetter>>,
    /// The number of messages of each call that sends dead letters.
    pub(crate) dead_letters_per_call: RefCell<Vec<usize>>,
    pub(crate) changes: RefCell<Vec<VisibilityChange>>,
    pub(crate) deleted: RefCell<Vec<String>>,
    /// The duration of each call.
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
    async fn call(&self, fault: Fault, messages: usize, effect: impl Fn(usize)) -> Answers {
        assert!((1..=10).contains(&messages));
        self.time.set(self.time.get() + self.call_time.get());
        match fault {
            Fault::Refused => return Err(CallError::new("InternalError")),
            Fault::Panic => panic!("as the test asks"),
            Fault::Hangs => std::future::pending::<()>().await,
            Fault::None | Fault::Message(_) | Fault::Empty => {}
        }
        let answer = |index| {
            if fault == Fault::Message(index) {
                return Err(CallError::new("InternalError"));
            }
            effect(index);
            Ok(())
        };
        let answers = (0..messages).map(answer).collect();
        Ok(if fault == Fault::Empty {
            Vec::new()
        } else {
            answers
        })
    }
}

impl Queues for Outside {
    async fn send_to_dead_letter_queue(&self, dead_letters: &[&DeadLetter]) -> Answers {
        assert!(
            dead_letters
                .iter()
                .map(|dead_letter| dead_letter.size())
                .sum::<usize>()
                <= 1024 * 1024
        );
        self.dead_letters_per_call.borrow_mut().push(dead_letters.len());
        let panics_on = self.dead_letter_panics_on.borrow().clone();
        let source = |dead_letter: &&DeadLetter| {
            dead_letter.attributes()["source_message_id"]
                .as_text()
                .map(str::to_owned)
        };
        assert!(
            panics_on.is_none()
                || !dead_letters
                    .iter()
                    .any(|dead_letter| source(dead_letter) == panics_on),
            "as the test asks"
        );
        let store = |index: usize| self.dead_letters.borrow_mut().push(dead_letters[index].clone());
        self.call(self.dead_letter_fault.get(), dead_letters.len(), store)
            .await
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        let change = |index: usize| self.changes.borrow_mut().push(changes[index].clone());
        self.call(self.other_fault.get(), changes.len(), change).await
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        let delete = |index: usize| self.deleted.borrow_mut().push(receipt_handles[index].to_owned());
        self.call(self.other_fault.get(), receipt_handles.len(), delete)
            .await
    }
}

impl Clock for Outside {
    fn monotonic(&self) -> Duration {
        self.time.get()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + self.time.get())
    }

    /// Time passes only while something waits for it.
    async fn sleep(&self, duration: Duration) {
        self.time.set(self.time.get() + duration);
    }
}
