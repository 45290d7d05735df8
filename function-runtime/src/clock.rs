//! The port to the clock. The simulation puts virtual time behind it.

use std::time::Duration;

use timestamp::Timestamp;

/// Time.
pub trait Clock {
    /// Time since a fixed moment; it never goes back.
    fn monotonic(&self) -> Duration;

    /// The time of day.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()>;
}
