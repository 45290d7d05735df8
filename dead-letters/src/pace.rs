//! Not more than so many a second.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

/// Lets takers through at an even rate, in the order in which they come.
#[derive(Debug)]
pub(super) struct Pace {
    /// One a second, none without a limit.
    per_second: Option<u32>,
    free_at: Cell<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(per_second: Option<u32>) -> Self {
        Self {
            per_second,
            free_at: Cell::new(None),
        }
    }

    /// How many may be taken at a time: no burst is larger than a second's worth.
    pub(super) fn burst(&self) -> usize {
        self.per_second
            .map_or(usize::MAX, |rate| usize::try_from(rate).unwrap_or(usize::MAX))
    }

    /// Waits for the turn of `count` more.
    pub(super) async fn turn(&self, count: usize) {
        if let Some(turn) = self.reserve(count, Instant::now()) {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// When `count` more may go, and from when the next may; none if nobody has to wait.
    fn reserve(&self, count: usize, now: Instant) -> Option<Instant> {
        let rate = self.per_second?;
        let turn = self.free_at.get().map_or(now, |free_at| free_at.max(now));
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.free_at
            .set(Some(turn + Duration::from_secs(1) * count / rate.max(1)));
        Some(turn)
    }
}

/// A rate such as `50` or `50/s`.
pub(super) fn rate(text: &str) -> Result<u32, &'static str> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse() {
        Ok(rate @ 1..) => Ok(rate),
        _ => Err("must be a whole number of messages per second from 1, such as 50/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_may_name_its_unit() {
        assert_eq!((rate("50"), rate("50/s")), (Ok(50), Ok(50)));
        for text in ["0", "0/s", "-1", "1.5", "50/m", "", "/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn turns_come_evenly() {
        let pace = Pace::new(Some(100));
        let now = Instant::now();
        let turns: Vec<_> = (0..4)
            .map(|_| (pace.reserve(10, now).unwrap() - now).as_millis())
            .collect();
        assert_eq!(turns, [0, 100, 200, 300]);
        // Time that nobody used is not made up for.
        let later = now + Duration::from_secs(9);
        assert_eq!(pace.reserve(10, later), Some(later));
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        assert_eq!(Pace::new(None).reserve(1_000_000, Instant::now()), None);
    }
}
