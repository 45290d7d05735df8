//! How much of an invocation's time its parts need.

use std::time::Duration;

use function_runtime::backoff::Backoff;

/// Needed to begin a further read: four attempts of 2 s with their waits, and [`TIME_TO_SETTLE`].
pub(super) const TIME_TO_READ: Duration = Duration::from_secs(12);

/// Needed for the slowest call, except one that sends an email.
pub(super) const TIME_TO_CALL: Duration = Duration::from_secs(2);

/// Kept for settling and for the answer.
pub(super) const TIME_TO_SETTLE: Duration = Duration::from_secs(3);

/// Kept for the answer.
pub(super) const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// The waits between the attempts of a read or a mark.
pub(super) const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(50),
    max: Duration::from_secs(1),
};
