//! The rate of emails.

use std::cell::Cell;
use std::time::Duration;

use function_runtime::Clock;

/// Keeps a fixed interval between the emails of one invocation, and before its first one.
///
/// SNS suspends an email subscription above 10 messages per second. At most `NOTIFIER_CONCURRENCY` invocations run at once,
/// each in any of the instances that Lambda keeps. An instance that waited only after its own last email could send right after
/// another instance. Waiting from the reads of each invocation on needs no knowledge of other instances, and prevents a burst
/// after idle times, restarts, and reads that waited for the return of a service.
#[derive(Debug)]
pub struct Pacer {
    interval: Duration,
    last: Cell<Duration>,
}

impl Pacer {
    /// Starts the interval before the first email.
    pub fn start(interval: Duration, clock: &impl Clock) -> Self {
        Self {
            interval,
            last: Cell::new(clock.monotonic()),
        }
    }

    /// The interval.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Waits until the next email may be sent.
    pub async fn wait(&self, clock: &impl Clock) {
        let next = self.last.get() + self.interval;
        if let Some(rest) = next.checked_sub(clock.monotonic()).filter(|rest| !rest.is_zero()) {
            clock.sleep(rest).await;
        }
        self.last.set(clock.monotonic());
    }
}
