//! How an invocation spends its time: work, then settling the records that failed, then the answer.

use std::time::Duration;

use function_runtime::{CallDeadline, Clock, Deadline};

/// The moments of an invocation, on the clock's monotonic time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// No work begins at or after this moment.
    pub stop_work: Duration,
    /// Calls of the work are abandoned at this moment.
    pub cut_work: Duration,
    /// Calls that settle records are abandoned at this moment, so that the answer still arrives.
    pub cut_settling: Duration,
}

impl Budget {
    /// The budget of an invocation with `time_left`. The margin before the deadline is a fifth of the time, at least 2 seconds:
    /// half of it is for calls in flight, nearly all of the rest for settling.
    #[must_use]
    pub fn new(clock: &impl Clock, time_left: Duration) -> Self {
        let deadline = Deadline::after(clock, time_left);
        let margin = (time_left / 5).max(Duration::from_secs(2));
        Self {
            stop_work: deadline.less(margin),
            cut_work: deadline.less(margin / 2),
            cut_settling: deadline.less(margin / 10),
        }
    }

    /// When calls that settle records begin and end.
    #[must_use]
    pub fn settling(&self) -> CallDeadline {
        CallDeadline::until(self.cut_settling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::Outside;

    #[test]
    fn the_moments_come_in_order_before_the_deadline() {
        let outside = Outside::default();
        let now = Duration::from_secs(100);
        outside.elapsed.set(now);
        for seconds in [0, 1, 3, 30, 900] {
            let time_left = Duration::from_secs(seconds);
            let budget = Budget::new(&&outside, time_left);
            assert!(budget.stop_work < budget.cut_work && budget.cut_work < budget.cut_settling);
            assert!(budget.cut_settling < now + time_left);
        }
        let budget = Budget::new(&&outside, Duration::from_secs(30));
        assert_eq!(budget.stop_work, now + Duration::from_secs(24));
    }

    #[test]
    fn without_time_nothing_begins() {
        let outside = Outside::default();
        let now = Duration::from_millis(1);
        outside.elapsed.set(now);
        let budget = Budget::new(&&outside, Duration::ZERO);
        assert!(now >= budget.stop_work && !budget.settling().is_open(now));
    }
}
