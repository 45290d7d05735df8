//! The pace of emails.

use std::time::Duration;

use queue_consumer::ports::Clock;

/// Keeps a fixed interval between the attempts of one invocation, and before its first one.
///
/// SNS suspends an email subscription above 10 messages per second. At most `NOTIFIER_CONCURRENCY` invocations run at
/// once, in any of the instances that Lambda keeps warm: an instance that waited for its own last email only could send
/// right after another one's. Waiting from the start of each invocation needs no knowledge of the others, and leaves no
/// burst after idle times or restarts.
#[derive(Debug)]
pub struct Pacer {
    interval: Duration,
    last: Duration,
}

impl Pacer {
    /// A pace from now on.
    pub fn start(interval: Duration, clock: &impl Clock) -> Self {
        Self {
            interval,
            last: clock.monotonic(),
        }
    }

    /// Waits for the next attempt's turn.
    pub async fn wait(&mut self, clock: &impl Clock) {
        let turn = self.last + self.interval;
        if let Some(rest) = turn.checked_sub(clock.monotonic()).filter(|rest| !rest.is_zero()) {
            clock.sleep(rest).await;
        }
        self.last = clock.monotonic();
    }
}
