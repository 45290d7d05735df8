//! The machine's clock.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use timestamp::Timestamp;

use crate::clock::Clock;

/// The machine's clock. Its monotonic time starts when it is made.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

/// Adapters that hold the machine's clock. They are a [`Clock`] by it.
pub trait HasSystemClock {
    /// The clock.
    fn system_clock(&self) -> &SystemClock;
}

impl<T: HasSystemClock> Clock for T {
    fn monotonic(&self) -> Duration {
        self.system_clock().started.elapsed()
    }

    fn now(&self) -> Timestamp {
        Timestamp::new(OffsetDateTime::now_utc())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
