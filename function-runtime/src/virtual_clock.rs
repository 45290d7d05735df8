//! Virtual time for the tests of this crate: it passes only while something waits for it.

use std::cell::Cell;
use std::time::Duration;

use time::OffsetDateTime;
use timestamp::Timestamp;

use crate::clock::Clock;

#[derive(Debug, Default)]
pub(crate) struct VirtualClock(Cell<Duration>);

impl VirtualClock {
    pub(crate) fn advance(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

impl Clock for VirtualClock {
    fn monotonic(&self) -> Duration {
        self.0.get()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::UNIX_EPOCH + self.0.get())
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
