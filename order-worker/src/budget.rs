//! How an invocation's time is spent: work, then settling what failed, then the answer, all before the deadline.

use std::time::Duration;

use time::OffsetDateTime;

/// The moments by which an invocation lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// From here on no work is started.
    pub stop_work: OffsetDateTime,
    /// Calls that are under way are given up here.
    pub cut_work: OffsetDateTime,
    /// Settling is given up here, so that the answer still arrives.
    pub cut_settling: OffsetDateTime,
}

impl Budget {
    /// The margin before the deadline is a fifth of the time, at least 2 seconds: half of it for the calls under way,
    /// nearly all of the rest for settling.
    #[must_use]
    pub fn new(now: OffsetDateTime, deadline: OffsetDateTime) -> Self {
        let remaining: time::Duration = deadline - now;
        let margin = (remaining / 5_i32).max(time::Duration::seconds(2));
        Self {
            stop_work: deadline - margin,
            cut_work: deadline - margin / 2_i32,
            cut_settling: deadline - margin / 10_i32,
        }
    }
}

/// The time from `now` to `moment`, zero if it has passed.
#[must_use]
pub fn until(now: OffsetDateTime, moment: OffsetDateTime) -> Duration {
    Duration::try_from(moment - now).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_come_in_order_before_the_deadline() {
        let now = OffsetDateTime::UNIX_EPOCH;
        for seconds in [0, 1, 3, 30, 900] {
            let deadline = now + time::Duration::seconds(seconds);
            let budget = Budget::new(now, deadline);
            assert!(budget.stop_work < budget.cut_work && budget.cut_work < budget.cut_settling);
            assert!(budget.cut_settling < deadline);
        }
        let budget = Budget::new(now, now + time::Duration::seconds(30));
        assert_eq!(until(now, budget.stop_work), Duration::from_secs(24));
        assert_eq!(until(budget.stop_work, now), Duration::ZERO);
    }
}
