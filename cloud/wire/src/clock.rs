//! The clock. All code reads the time from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// Wall-clock time in milliseconds since the Unix epoch. Cloning it is cheap.
///
/// It can be moved forward, so that a test need not wait for a retention period or a visibility timeout.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// The time of a stopped clock.
    stopped_at: Option<i64>,
    offset_ms: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// Creates a clock that only [`Clock::advance`] moves, for tests in which several calls must be in the
    /// same second.
    #[must_use]
    pub fn stopped() -> Self {
        Self(Arc::new(Inner {
            stopped_at: Some(system_ms()),
            ..Inner::default()
        }))
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.0.stopped_at.unwrap_or_else(system_ms) + self.0.offset_ms.load(Ordering::Relaxed)
    }

    /// Moves the clock forward and wakes tasks that wait for a time, which may have come now.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.offset_ms.fetch_add(by, Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Waits for the next [`Clock::advance`].
    pub fn moved(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.moved.notified()
    }
}

fn system_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
