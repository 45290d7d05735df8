//! The ports to the queue and its dead-letter queue.
//!
//! Every call may fail as a whole or for single messages. A failed call may still have had its effect: a lost response looks
//! like any other error.

use function_runtime::Answers;

use crate::dead_letter::DeadLetter;
pub use crate::visibility::VisibilityChange;

/// The queue and its dead-letter queue. A call has at most [`MAX_MESSAGES`](crate::quotas::MAX_MESSAGES) messages.
pub trait Queues {
    /// Sends messages of at most 1 MiB together to the dead-letter queue.
    fn send_to_dead_letter_queue(&self, dead_letters: &[&DeadLetter]) -> impl Future<Output = Answers>;

    /// Sets visibility timeouts.
    fn change_visibility(&self, changes: &[VisibilityChange]) -> impl Future<Output = Answers>;

    /// Deletes messages, by their receipt handles.
    fn delete(&self, receipt_handles: &[&str]) -> impl Future<Output = Answers>;
}
