//! Queues and a clock in memory, with injected faults, for the tests of this crate.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use function_runtime::{Answers, CallError, Clock};
use time::OffsetDateTime;
use timestamp::Timestamp;

use crate::marks::{Mark, Marks};
use crate::outgoing::Outgoing;
use crate::ports::{Queue, Queues, VisibilityChange};
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

/// The queues.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    /// The fault of calls that send messages.
    pub(crate) send_fault: Cell<Fault>,
    /// The queue to which that fault is limited.
    pub(crate) send_fault_of: Cell<Option<Queue>>,
    /// The fault of calls that change visibility timeouts.
    pub(crate) change_fault: Cell<Fault>,
    /// The message whose dead letter makes its call panic.
    pub(crate) send_panics_on: RefCell<Option<String>>,
    pub(crate) sent: RefCell<Vec<(Queue, Outgoing)>>,
    /// The number of messages of each call that sends messages.
    pub(crate) messages_per_call: RefCell<Vec<usize>>,
    pub(crate) changes: RefCell<Vec<(Queue, VisibilityChange)>>,
    /// The fault of calls that mark dead letters.
    pub(crate) mark_fault: Cell<Fault>,
    pub(crate) marks: RefCell<Vec<Mark>>,
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
        queue: Some("orders".to_owned()),
        sent_at: Some(Timestamp::new(OffsetDateTime::UNIX_EPOCH)),
        attributes: [("trace".to_owned(), Attribute::text("t"))].into(),
        ..Record::default()
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
    async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        let bytes: usize = messages.iter().map(|message| message.size()).sum();
        assert!(bytes <= 1024 * 1024);
        self.messages_per_call.borrow_mut().push(messages.len());
        if let Some(id) = &*self.send_panics_on.borrow() {
            let source = |message: &&Outgoing| message.attributes().get("source_message_id").cloned();
            assert!(
                !messages
                    .iter()
                    .any(|message| source(message) == Some(Attribute::text(id))),
                "as the test asks"
            );
        }
        let has_fault = self.send_fault_of.get().is_none_or(|of| of == to);
        let fault = if has_fault {
            self.send_fault.get()
        } else {
            Fault::None
        };
        let store = |index: usize| self.sent.borrow_mut().push((to, messages[index].clone()));
        self.call(fault, messages.len(), store).await
    }

    async fn change_visibility(&self, of: Queue, changes: &[VisibilityChange]) -> Answers {
        let change = |index: usize| self.changes.borrow_mut().push((of, changes[index].clone()));
        self.call(self.change_fault.get(), changes.len(), change).await
    }
}

impl Marks for Outside {
    async fn mark_dead_letters(&self, marks: &[Mark]) -> Answers {
        let note = |index: usize| self.marks.borrow_mut().push(marks[index].clone());
        match self.mark_fault.get() {
            Fault::Empty => Ok(Vec::new()),
            fault => self.call(fault, marks.len(), note).await,
        }
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
