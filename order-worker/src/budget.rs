//! How an invocation's time is spent: work, then settling what failed, then the answer, all before the deadline.

use std::time::Duration;

use queue_consumer::window::Window;

/// The moments by which an invocation lives, on the clock's monotonic time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// From here on no work is started.
    pub stop_work: Duration,
    /// Calls that are under way are given up here.
    pub cut_work: Duration,
    /// Settling is given up here, so that the answer still arrives.
    pub cut_settling: Duration,
}

impl Budget {
    /// The margin before the deadline is a fifth of the time, at least 2 seconds: half of it for the calls under way,
    /// nearly all of the rest for settling.
    #[must_use]
    pub fn new(now: Duration, time_left: Duration) -> Self {
        let deadline = now + time_left;
        let margin = (time_left / 5).max(Duration::from_secs(2));
        Self {
            stop_work: deadline.saturating_sub(margin),
            cut_work: deadline.saturating_sub(margin / 2),
            cut_settling: deadline.saturating_sub(margin / 10),
        }
    }

    /// When failed and finished messages are dealt with.
    #[must_use]
    pub fn settling(&self) -> Window {
        Window::until(self.cut_settling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_come_in_order_before_the_deadline() {
        let now = Duration::from_secs(100);
        for seconds in [0, 1, 3, 30, 900] {
            let time_left = Duration::from_secs(seconds);
            let budget = Budget::new(now, time_left);
            assert!(budget.stop_work < budget.cut_work && budget.cut_work < budget.cut_settling);
            assert!(budget.cut_settling < now + time_left);
        }
        let budget = Budget::new(now, Duration::from_secs(30));
        assert_eq!(budget.stop_work, now + Duration::from_secs(24));
    }

    #[test]
    fn without_time_nothing_is_begun() {
        let now = Duration::from_millis(1);
        let budget = Budget::new(now, Duration::ZERO);
        assert!(now >= budget.stop_work && !budget.settling().is_open(now));
    }
}
