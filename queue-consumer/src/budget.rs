//! How an invocation spends its time: work, then settling the records that failed, then the answer.

use std::time::Duration;

use function_runtime::{CallDeadline, Clock, Deadline};

/// The moments of an invocation, on the clock's monotonic time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    work: CallDeadline,
    settling: CallDeadline,
}

impl Budget {
    /// The budget of an invocation with `time_left`. The margin before the deadline is a fifth of the time, at least 2 seconds:
    /// half of it is for calls in flight, nearly all of the rest for settling.
    #[must_use]
    pub fn new(clock: &impl Clock, time_left: Duration) -> Self {
        let deadline = Deadline::after(clock, time_left);
        let margin = (time_left / 5).max(Duration::from_secs(2));
        Self {
            work: CallDeadline::until(deadline.less(margin / 2)).leaving(margin / 2),
            settling: CallDeadline::until(deadline.less(margin / 10)),
        }
    }

    /// When calls of the work begin and end.
    #[must_use]
    pub fn work(&self) -> CallDeadline {
        self.work
    }

    /// When calls that settle records begin and end, so that the answer still arrives.
    #[must_use]
    pub fn settling(&self) -> CallDeadline {
        self.settling
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
        outside.time.set(now);
        for seconds in [0, 1, 3, 30, 900] {
            let time_left = Duration::from_secs(seconds);
            let budget = Budget::new(&outside, time_left);
            let cut_work = budget.work().give_up_at();
            assert!(!budget.work().is_open(cut_work) && cut_work < budget.settling().give_up_at());
            assert!(budget.settling().give_up_at() < now + time_left);
        }
        let budget = Budget::new(&outside, Duration::from_secs(30));
        let stop_work = now + Duration::from_secs(24);
        assert!(
            budget
                .work()
                .is_open(stop_work.saturating_sub(Duration::from_millis(1)))
        );
        assert!(!budget.work().is_open(stop_work));
    }

    #[test]
    fn without_time_nothing_begins() {
        let outside = Outside::default();
        let now = Duration::from_millis(1);
        outside.time.set(now);
        let budget = Budget::new(&outside, Duration::ZERO);
        assert!(!budget.work().is_open(now) && !budget.settling().is_open(now));
    }
}
