//! The time in which calls to the queue are made, on the clock's monotonic time.

use std::time::Duration;

/// When calls are begun and when they are given up; the latter is never the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    begin_before: Duration,
    give_up_at: Duration,
}

impl Window {
    /// Calls are begun before `moment`, and given up at it.
    #[must_use]
    pub fn until(moment: Duration) -> Self {
        Self {
            begin_before: moment,
            give_up_at: moment,
        }
    }

    /// The same, but none is begun that would have less than `time` until it is given up.
    #[must_use]
    pub fn leaving(self, time: Duration) -> Self {
        Self {
            begin_before: self.give_up_at.saturating_sub(time),
            ..self
        }
    }

    /// Whether a call may be begun at `now`.
    #[must_use]
    pub fn is_open(&self, now: Duration) -> bool {
        now < self.begin_before
    }

    /// When a call that is under way is given up.
    #[must_use]
    pub fn give_up_at(&self) -> Duration {
        self.give_up_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_begun_only_while_there_is_time_for_them() {
        let seconds = Duration::from_secs;
        let window = Window::until(seconds(10));
        assert!(window.is_open(seconds(9)) && !window.is_open(seconds(10)));
        let window = window.leaving(seconds(2));
        assert!(window.is_open(seconds(7)) && !window.is_open(seconds(8)));
        assert_eq!(window.give_up_at(), seconds(10));
        assert!(
            !Window::until(seconds(1))
                .leaving(seconds(2))
                .is_open(Duration::ZERO)
        );
    }
}
