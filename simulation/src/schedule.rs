//! Virtual time: what happens next, and when.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use time::OffsetDateTime;

/// The moment at which every world begins: 2026-11-23T09:00:00Z.
const BEGINNING: Duration = Duration::from_hours(498_729);

/// One invocation.
pub(crate) type TaskId = u64;

/// Something that happens at its time.
#[derive(Debug)]
pub(crate) enum Event {
    /// A pause of an invocation ends.
    Wake(TaskId, Waker),
    /// An invocation's time is over.
    Deadline(TaskId),
    /// An event source mapping looks for messages.
    Poll(crate::world::Line),
    /// A prepared message is sent.
    Send(usize),
    /// An event reaches the queue of notifications.
    Notify(String),
    /// The subscription of the topic of emails changes.
    Subscription(bool),
    /// From here on nothing goes wrong any more.
    Calm,
}

/// The clock and the events to come. Events of one moment happen in the order in which they were scheduled.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    now: Cell<Duration>,
    events: RefCell<BTreeMap<(Duration, u64), Event>>,
    scheduled: Cell<u64>,
    running: Cell<TaskId>,
}

impl Schedule {
    /// Time since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.now.get()
    }

    /// The date at `moment`.
    pub(crate) fn date(moment: Duration) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + BEGINNING + moment
    }

    pub(crate) fn at(&self, moment: Duration, event: Event) {
        let number = self.scheduled.get();
        self.scheduled.set(number + 1);
        let moment = moment.max(self.now());
        self.events.borrow_mut().insert((moment, number), event);
    }

    pub(crate) fn after(&self, delay: Duration, event: Event) {
        self.at(self.now() + delay, event);
    }

    /// Moves the clock to the next event.
    pub(crate) fn next(&self) -> Option<Event> {
        let ((moment, _), event) = self.events.borrow_mut().pop_first()?;
        self.now.set(moment);
        Some(event)
    }

    /// Which invocation is being polled.
    pub(crate) fn running(&self) -> TaskId {
        self.running.get()
    }

    pub(crate) fn set_running(&self, task: TaskId) {
        self.running.set(task);
    }

    /// Waits, within an invocation.
    pub(crate) fn pause(&self, duration: Duration) -> Pause<'_> {
        Pause {
            schedule: self,
            until: self.now() + duration,
            is_scheduled: false,
        }
    }
}

/// A wait in virtual time.
pub(crate) struct Pause<'a> {
    schedule: &'a Schedule,
    until: Duration,
    is_scheduled: bool,
}

impl Future for Pause<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.schedule.now() >= self.until {
            return Poll::Ready(());
        }
        // The waker of the first poll serves: nobody here moves a future between tasks.
        if !std::mem::replace(&mut self.is_scheduled, true) {
            let event = Event::Wake(self.schedule.running(), context.waker().clone());
            self.schedule.at(self.until, event);
        }
        Poll::Pending
    }
}
