//! The clock. All code reads the time from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Notify;

/// Time in milliseconds. Cloning it is cheap.
///
/// A *reading* ([`Clock::now_ms`]) never goes back and never jumps, also when somebody sets the machine's clock: it
/// comes from the operating system's monotonic clock, which also counts the time in which the machine is suspended. Due
/// times and ages are readings, so that a visibility timeout of 30 seconds lasts 30 seconds.
///
/// A reading is near the milliseconds since the Unix epoch, but not the same after the machine's clock was set.
/// [`Clock::wall_ms`] converts a reading for people and clients.
///
/// It can be moved forward, so that a test need not wait for a retention period or a visibility timeout.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

/// A difference between the machine's clock and the readings above this one is a step. A smaller one is drift, and is
/// ignored, so that a reading is always converted to the same time.
const STEP_MS: i64 = 1000;

#[derive(Debug)]
struct Inner {
    /// What [`monotonic_ms`] showed when the reading was `first`.
    started_at: i64,
    first: i64,
    /// Whether only [`Clock::advance`] moves it.
    stopped: bool,
    advanced_ms: AtomicI64,
    /// By how much a test has set the machine's clock.
    wall_set_by_ms: AtomicI64,
    /// The machine's clock minus the reading.
    wall_ahead_ms: AtomicI64,
    moved: Notify,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(i64::MIN, false)
    }
}

impl Clock {
    /// Creates a clock for readings that are stored: it starts at the machine's clock, but not before `last`, the last
    /// reading of an earlier process. So due times of that process do not move into the distance when the machine's clock
    /// was set back in between.
    #[must_use]
    pub fn continuing(last: i64) -> Self {
        Self::new(last, false)
    }

    /// Creates a clock that only [`Clock::advance`] moves, for tests in which several calls must be in the
    /// same second.
    #[must_use]
    pub fn stopped() -> Self {
        Self::new(i64::MIN, true)
    }

    fn new(last: i64, stopped: bool) -> Self {
        let wall = system_ms();
        let first = wall.max(last);
        Self(Arc::new(Inner {
            started_at: monotonic_ms(),
            first,
            stopped,
            advanced_ms: AtomicI64::new(0),
            wall_set_by_ms: AtomicI64::new(0),
            wall_ahead_ms: AtomicI64::new(wall - first),
            moved: Notify::new(),
        }))
    }

    /// Returns the current reading.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let passed = if self.0.stopped {
            0
        } else {
            monotonic_ms() - self.0.started_at
        };
        self.0.first + passed + self.0.advanced_ms.load(Ordering::Relaxed)
    }

    /// Converts a reading to milliseconds since the Unix epoch, by the machine's clock as it is set now.
    #[must_use]
    pub fn wall_ms(&self, reading: i64) -> i64 {
        let inner = &self.0;
        let now = if inner.stopped { inner.first } else { system_ms() };
        let wall =
            now + inner.advanced_ms.load(Ordering::Relaxed) + inner.wall_set_by_ms.load(Ordering::Relaxed);
        let ahead = wall - self.now_ms();
        let known = inner.wall_ahead_ms.load(Ordering::Relaxed);
        if (ahead - known).abs() <= STEP_MS {
            return reading + known;
        }
        inner.wall_ahead_ms.store(ahead, Ordering::Relaxed);
        reading + ahead
    }

    /// Moves the clock forward and wakes tasks that wait for a time, which may have come now.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.advanced_ms.fetch_add(by, Ordering::Relaxed);
        self.0.moved.notify_waiters();
    }

    /// Lets it look as if somebody set the machine's clock by so many milliseconds, for tests.
    pub fn set_wall_by(&self, by_ms: i64) {
        self.0.wall_set_by_ms.fetch_add(by_ms, Ordering::Relaxed);
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

/// Milliseconds since some moment, which only the passing of time changes. The time in which the machine is suspended
/// counts: on Linux only `CLOCK_BOOTTIME` does that, on macOS `CLOCK_MONOTONIC` does.
fn monotonic_ms() -> i64 {
    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let now = clock_gettime(CLOCK);
    now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn a_reading_does_not_follow_a_machine_clock_that_is_set() {
        for step in [-HOUR_MS, HOUR_MS] {
            let clock = Clock::default();
            let before = clock.now_ms();
            assert!((clock.wall_ms(before) - system_ms()).abs() < 1000);
            clock.set_wall_by(step);
            let passed = clock.now_ms() - before;
            assert!((0..60_000).contains(&passed), "{passed} ms passed");
            // The same moment is shown by the machine's clock as it is set now.
            let shown = clock.wall_ms(before) - system_ms();
            assert!((shown - step).abs() < 60_000, "{shown}");
        }
    }

    #[test]
    fn readings_continue_after_a_restart_with_a_machine_clock_that_was_set_back() {
        let last = system_ms() + HOUR_MS;
        let clock = Clock::continuing(last);
        assert!((last..last + 60_000).contains(&clock.now_ms()));
        assert!((clock.wall_ms(clock.now_ms()) - system_ms()).abs() < 60_000);
        // After time in which the program did not run, a reading is the machine's clock again.
        let clock = Clock::continuing(system_ms() - HOUR_MS);
        assert!((clock.now_ms() - system_ms()).abs() < 60_000);
    }

    #[test]
    fn a_reading_is_always_converted_to_the_same_time() {
        let clock = Clock::default();
        let reading = clock.now_ms();
        let first = clock.wall_ms(reading);
        clock.set_wall_by(STEP_MS / 2);
        assert_eq!(clock.wall_ms(reading), first);
    }

    #[test]
    fn a_stopped_clock_moves_only_when_it_is_advanced() {
        let clock = Clock::stopped();
        let before = clock.now_ms();
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now_ms(), before + 5000);
        assert_eq!(clock.wall_ms(before), before);
    }
}
