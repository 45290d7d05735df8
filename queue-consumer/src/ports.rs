//! The ports to the queues of a consumer.
//!
//! Every call may fail as a whole or for single messages. A failed call may still have had its effect: a lost response looks
//! like any other error.

use function_runtime::Answers;

use crate::outgoing::Outgoing;
pub use crate::visibility::VisibilityChange;

/// A queue of a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Queue {
    /// The queue that senders know.
    Main,
    /// The retry queue: messages whose process died twice. Each is received alone.
    Retry,
    /// The dead-letter queue of both.
    DeadLetter,
}

/// The queues. A call has at most [`MAX_MESSAGES`](crate::quotas::MAX_MESSAGES) messages.
pub trait Queues {
    /// Sends messages of at most 1 MiB together to a queue.
    fn send(&self, to: Queue, messages: &[&Outgoing]) -> impl Future<Output = Answers>;

    /// Sets visibility timeouts of messages that were received from a queue.
    fn change_visibility(&self, of: Queue, changes: &[VisibilityChange]) -> impl Future<Output = Answers>;
}
