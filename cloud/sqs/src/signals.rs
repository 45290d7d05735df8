//! Signals that wake tasks: long polls when a message arrives, and the alarm when a message will become due
//! earlier.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cloud_store::Tx;
use tokio::sync::Notify;

/// The signals. Each is sent only after the commit of the change that it announces.
#[derive(Debug)]
pub(super) struct Signals {
    arrivals: Mutex<Arrivals>,
    /// The time for which the alarm is set, in milliseconds.
    next_due: AtomicI64,
    pub(super) alarm: Notify,
}

/// The signals of the queues that somebody waits for.
#[derive(Debug, Default)]
struct Arrivals {
    queues: HashMap<String, Weak<Notify>>,
    /// Number of entries at which those that nobody waits for any more are removed.
    prune_at: usize,
}

/// Smallest number of entries that are worth a search for unused ones.
const FEW: usize = 64;

impl Arrivals {
    fn join(&mut self, queue: &str) -> Arc<Notify> {
        if let Some(waiting) = self.queues.get(queue).and_then(Weak::upgrade) {
            return waiting;
        }
        // Any name can be polled, also one that no queue has.
        if self.queues.len() >= self.prune_at.max(FEW) {
            self.queues.retain(|_, waiting| waiting.strong_count() > 0);
            self.prune_at = self.queues.len() * 2;
        }
        let waiting = Arc::default();
        self.queues.insert(queue.to_owned(), Arc::downgrade(&waiting));
        waiting
    }
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            arrivals: Mutex::default(),
            next_due: AtomicI64::new(i64::MAX),
            alarm: Notify::new(),
        }
    }
}

impl Signals {
    /// Returns the signal for new messages in this queue. Keep it for as long as signals are awaited.
    pub(super) fn arrivals(&self, queue: &str) -> Arc<Notify> {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.join(queue)
    }

    /// Signals, after the commit of `tx`, that the queue has a message to receive.
    pub(super) fn arrived(self: &Arc<Self>, tx: &Tx<'_>, queue: &str) {
        let (signals, queue) = (Arc::clone(self), queue.to_owned());
        tx.on_commit(move || {
            let arrivals = signals.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(waiting) = arrivals.queues.get(&queue).and_then(Weak::upgrade) {
                waiting.notify_waiters();
            }
        });
    }

    /// Signals, after the commit of `tx`, that a message becomes ready at `at`.
    pub(super) fn due(self: &Arc<Self>, tx: &Tx<'_>, at: i64) {
        let signals = Arc::clone(self);
        tx.on_commit(move || {
            if signals.next_due.fetch_min(at, Ordering::AcqRel) > at {
                signals.alarm.notify_one();
            }
        });
    }

    /// Stores the time for which the alarm is set. If `due` announces an earlier time before the alarm
    /// sleeps, `notify_one` keeps a permit and the alarm wakes at once.
    pub(super) fn set_alarm(&self, at: i64) {
        self.next_due.store(at, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nobody_waits_for_are_forgotten() {
        let mut arrivals = Arrivals::default();
        let waited_for = arrivals.join("orders");
        for name in 0..10_000 {
            arrivals.join(&name.to_string());
        }
        assert!(
            arrivals.queues.len() <= 2 * FEW,
            "{} names",
            arrivals.queues.len()
        );
        assert!(Arc::ptr_eq(&waited_for, &arrivals.join("orders")));
    }
}
