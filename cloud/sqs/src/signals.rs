//! Who waits for what: long polls for messages, the alarm for the next moment at which a message becomes ready.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cloud_store::Tx;
use tokio::sync::Notify;

/// Wake-ups, given only after the commit of what they announce.
#[derive(Debug)]
pub(super) struct Signals {
    arrivals: Mutex<HashMap<String, Arc<Notify>>>,
    /// The moment for which the alarm is set.
    next_due: AtomicI64,
    pub(super) alarm: Notify,
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
    /// What is notified when the queue has something to receive.
    pub(super) fn arrivals(&self, queue: &str) -> Arc<Notify> {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(arrivals.entry(queue.to_owned()).or_default())
    }

    /// Says, once `tx` is committed, that the queue has something to receive.
    pub(super) fn arrived(self: &Arc<Self>, tx: &Tx<'_>, queue: &str) {
        let arrivals = self.arrivals(queue);
        tx.on_commit(move || arrivals.notify_waiters());
    }

    /// Says, once `tx` is committed, that a message becomes ready at `at`.
    pub(super) fn due(self: &Arc<Self>, tx: &Tx<'_>, at: i64) {
        let signals = Arc::clone(self);
        tx.on_commit(move || {
            if signals.next_due.fetch_min(at, Ordering::AcqRel) > at {
                signals.alarm.notify_one();
            }
        });
    }

    /// Says for when the alarm is set. A moment announced since the alarm looked is kept by `notify_one`'s permit.
    pub(super) fn set_alarm(&self, at: i64) {
        self.next_due.store(at, Ordering::Release);
    }
}
