//! The outside, as far as the consumer of a queue needs it. Every call may fail whole or entry by entry, and may have had
//! its effect although it failed: a lost response looks like any other refusal.

use std::time::Duration;

use order_core::Timestamp;

use crate::dead_letter::DeadLetter;
use crate::refusal::Answers;

/// How long a message stays hidden from other receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibilityChange {
    /// Of this receive.
    pub receipt_handle: String,
    /// From now on, in whole seconds, as SQS counts visibility.
    pub seconds: u32,
}

/// The queue and its dead-letter queue. No call has more than [`MAX_ENTRIES`](crate::quotas::MAX_ENTRIES) entries.
pub trait Queues {
    /// Sends dead letters, of 1 MiB together, to the dead-letter queue.
    fn bury(&self, letters: &[&DeadLetter]) -> impl Future<Output = Answers>;

    /// Sets when messages are shown again.
    fn change_visibility(&self, changes: &[VisibilityChange]) -> impl Future<Output = Answers>;

    /// Deletes messages, by their receipt handles.
    fn delete(&self, receipt_handles: &[&str]) -> impl Future<Output = Answers>;
}

/// Time.
pub trait Clock {
    /// Time since a fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;

    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}
