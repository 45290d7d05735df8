//! How many messages went into each queue and out of it since the service started.
//!
//! The counts are in memory: a restart begins at zero. They say what a depth cannot say: how much passes through a queue that
//! stays empty.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cloud_store::Tx;
use cloud_wire::Activity;
use serde::Serialize;

/// The counts of one queue since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueTraffic {
    /// Messages that were added, by a sender, a topic or a move task. A message that SQS moves to the dead-letter queue
    /// after its last receive is not counted.
    pub sent: u64,
    /// Receives of messages: a message counts each time that it is received.
    pub received: u64,
    /// Messages that a consumer deleted.
    pub deleted: u64,
}

#[derive(Debug, Default)]
struct Counters {
    sent: AtomicU64,
    received: AtomicU64,
    deleted: AtomicU64,
}

/// The counts of all queues.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    queues: Mutex<HashMap<String, Arc<Counters>>>,
    activity: Activity,
}

/// A way in which messages pass a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Passage {
    Sent,
    Received,
    Deleted,
}

impl Traffic {
    /// Counts `number` messages of a queue after the commit of `tx`.
    pub(crate) fn note(self: &Arc<Self>, tx: &Tx<'_>, queue: &str, passage: Passage, number: usize) {
        let (traffic, counters) = (Arc::clone(self), self.of(queue));
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        tx.on_commit(move || {
            let counter = match passage {
                Passage::Sent => &counters.sent,
                Passage::Received => &counters.received,
                Passage::Deleted => &counters.deleted,
            };
            counter.fetch_add(number, Ordering::Relaxed);
            traffic.activity.note();
        });
    }

    /// The counts of a queue.
    pub(crate) fn count(&self, queue: &str) -> QueueTraffic {
        let counters = self.of(queue);
        let [sent, received, deleted] = [&counters.sent, &counters.received, &counters.deleted]
            .map(|counter| counter.load(Ordering::Relaxed));
        QueueTraffic {
            sent,
            received,
            deleted,
        }
    }

    /// The activity of all queues, noted whenever messages pass through one.
    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// A deleted queue keeps its counters: a later queue of its name goes on with them.
    fn of(&self, queue: &str) -> Arc<Counters> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counters) = queues.get(queue) {
            return Arc::clone(counters);
        }
        Arc::clone(queues.entry(queue.to_owned()).or_default())
    }
}
