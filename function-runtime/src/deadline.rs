//! An invocation's end, and the moments before it, on the clock's monotonic time.

use std::time::Duration;

use crate::clock::Clock;

/// When the invocation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Duration);

impl Deadline {
    /// The end of an invocation that has `time_left` from now.
    #[must_use]
    pub fn after(clock: &impl Clock, time_left: Duration) -> Self {
        Self(clock.monotonic().saturating_add(time_left))
    }

    /// The moment `margin` before the end.
    #[must_use]
    pub fn less(self, margin: Duration) -> Duration {
        self.0.saturating_sub(margin)
    }

    /// Whether at least `needed` is left.
    #[must_use]
    pub fn allows(self, clock: &impl Clock, needed: Duration) -> bool {
        clock.monotonic() + needed <= self.0
    }

    /// How much is left.
    #[must_use]
    pub fn time_left(self, clock: &impl Clock) -> Duration {
        self.0.saturating_sub(clock.monotonic())
    }
}

/// When calls may begin and when they are abandoned. They are never abandoned before they may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallDeadline {
    begin_before: Duration,
    give_up_at: Duration,
}

impl CallDeadline {
    /// Calls begin before `moment`, and are abandoned at it.
    #[must_use]
    pub fn until(moment: Duration) -> Self {
        Self {
            begin_before: moment,
            give_up_at: moment,
        }
    }

    /// The same, but a call begins only if it has at least `time` until it is abandoned.
    #[must_use]
    pub fn leaving(self, time: Duration) -> Self {
        Self {
            begin_before: self.give_up_at.saturating_sub(time),
            ..self
        }
    }

    /// Whether a call may begin at `now`.
    #[must_use]
    pub fn is_open(&self, now: Duration) -> bool {
        now < self.begin_before
    }

    /// When a call that has begun is abandoned.
    #[must_use]
    pub fn give_up_at(&self) -> Duration {
        self.give_up_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtual_clock::VirtualClock;

    #[test]
    fn calls_begin_only_while_there_is_time_for_them() {
        let seconds = Duration::from_secs;
        let deadline = CallDeadline::until(seconds(10));
        assert!(deadline.is_open(seconds(9)) && !deadline.is_open(seconds(10)));
        let deadline = deadline.leaving(seconds(2));
        assert!(deadline.is_open(seconds(7)) && !deadline.is_open(seconds(8)));
        assert_eq!(deadline.give_up_at(), seconds(10));
        assert!(
            !CallDeadline::until(seconds(1))
                .leaving(seconds(2))
                .is_open(Duration::ZERO)
        );
    }

    #[test]
    fn an_invocation_ends_after_its_time_left() {
        let seconds = Duration::from_secs;
        let clock = VirtualClock::default();
        clock.advance(seconds(100));
        let deadline = Deadline::after(&clock, seconds(30));
        assert_eq!(deadline.less(seconds(2)), seconds(128));
        clock.advance(seconds(10));
        assert_eq!(deadline.time_left(&clock), seconds(20));
        assert!(deadline.allows(&clock, seconds(20)) && !deadline.allows(&clock, seconds(21)));
        clock.advance(seconds(30));
        assert_eq!(deadline.time_left(&clock), Duration::ZERO);
    }
}
