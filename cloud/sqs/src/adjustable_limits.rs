//! Limits of AWS that tests need lower, and a wait that nobody wants on a laptop.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Maximum number of messages of one queue that are in flight. Source: SQS Developer Guide, "Message quotas".
const MAX_IN_FLIGHT: i64 = 120_000;
/// Time after a deletion in which AWS refuses a queue with the same name, in milliseconds. Source: SQS API Reference,
/// `DeleteQueue`.
const DELETION_INTERVAL_MS: i64 = 60_000;

/// The limits that can be changed while the service runs. The process forgets changes when it ends.
#[derive(Debug)]
pub struct AdjustableLimits {
    max_in_flight: AtomicI64,
    wait_after_deletion: AtomicBool,
    /// When the queues of these names were deleted, in milliseconds.
    deletions: Mutex<HashMap<String, i64>>,
}

impl Default for AdjustableLimits {
    fn default() -> Self {
        Self {
            max_in_flight: AtomicI64::new(MAX_IN_FLIGHT),
            wait_after_deletion: AtomicBool::new(false),
            deletions: Mutex::default(),
        }
    }
}

impl AdjustableLimits {
    /// Maximum number of messages of one queue that are in flight: 120,000 on AWS.
    #[must_use]
    pub fn max_in_flight(&self) -> i64 {
        self.max_in_flight.load(Ordering::Relaxed)
    }

    /// Sets the maximum number of messages of one queue that are in flight.
    pub fn set_max_in_flight(&self, messages: i64) {
        self.max_in_flight.store(messages, Ordering::Relaxed);
    }

    /// Whether the name of a deleted queue can be used again only after 60 seconds, as on AWS. Off at first.
    #[must_use]
    pub fn wait_after_deletion(&self) -> bool {
        self.wait_after_deletion.load(Ordering::Relaxed)
    }

    /// Sets whether the name of a deleted queue can be used again only after 60 seconds.
    pub fn set_wait_after_deletion(&self, wait: bool) {
        self.wait_after_deletion.store(wait, Ordering::Relaxed);
    }

    pub(crate) fn note_deletion(&self, name: String, now: i64) {
        let mut deletions = self.deletions.lock().unwrap_or_else(PoisonError::into_inner);
        deletions.retain(|_, at| *at + DELETION_INTERVAL_MS > now);
        deletions.insert(name, now);
    }

    pub(crate) fn was_deleted_recently(&self, name: &str, now: i64) -> bool {
        let deletions = self.deletions.lock().unwrap_or_else(PoisonError::into_inner);
        let deleted_at = deletions.get(name);
        self.wait_after_deletion() && deleted_at.is_some_and(|at| at + DELETION_INTERVAL_MS > now)
    }
}
