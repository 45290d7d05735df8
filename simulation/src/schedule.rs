//! Virtual time: the clock, and the events to come.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use order_core::OrderId;
use queue_consumer::ports::Queue;
use time::OffsetDateTime;

use crate::pipeline::Pipeline;

/// The time at which every run begins, since the Unix epoch: 2026-11-23T09:00:00Z.
const BEGINNING: Duration = Duration::from_hours(498_729);

/// Identifies one invocation.
pub(crate) type TaskId = u64;

/// Something that happens at a scheduled time.
#[derive(Debug)]
pub(crate) enum Event {
    /// A pause of an invocation ends.
    Wake(TaskId, Waker),
    /// An invocation reaches its deadline.
    Deadline(TaskId),
    /// An event source mapping polls its queue.
    Poll(Pipeline, Queue),
    /// The prepared message with this index is sent.
    Send(usize),
    /// A published event reaches the queue of notifications.
    Notify(String),
    /// An operator erases an order.
    Erase(OrderId),
    /// The subscription of the topic of emails is confirmed or ends.
    Subscription(bool),
    /// The last fault has ended. It keeps the run from ending earlier.
    FaultsEnd,
}

/// The clock and the events to come. Events of the same time happen in the order in which they were scheduled.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    now: Cell<Duration>,
    events: RefCell<BTreeMap<(Duration, u64), Event>>,
    scheduled: Cell<u64>,
    running: Cell<TaskId>,
}

impl Schedule {
    /// The time since the beginning of the run.
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

    /// Removes the next event, and moves the clock to its time.
    pub(crate) fn take_next(&self) -> Option<Event> {
        let ((moment, _), event) = self.events.borrow_mut().pop_first()?;
        self.now.set(moment);
        Some(event)
    }

    /// The invocation that is being polled.
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
        // The waker of the first poll stays valid, because no future here moves to another task.
        if !std::mem::replace(&mut self.is_scheduled, true) {
            let event = Event::Wake(self.schedule.running(), context.waker().clone());
            self.schedule.at(self.until, event);
        }
        Poll::Pending
    }
}
