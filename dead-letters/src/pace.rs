//! Limiting the messages sent in a second.
//!
//! `governor` is not used: its waiting callers retry in no order, while here each batch reserves its turn in the order in
//! which it asks.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

/// Gives turns at an even rate, in the order in which they are asked for.
#[derive(Debug)]
pub(super) struct Pace {
    /// Messages a second; `None` without a limit.
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

    /// The most messages of one turn: those of one second.
    pub(super) fn burst(&self) -> usize {
        self.per_second
            .map_or(usize::MAX, |rate| usize::try_from(rate).unwrap_or(usize::MAX))
    }

    /// Waits until `count` messages may be sent.
    pub(super) async fn wait_for_turn(&self, count: usize) {
        if let Some(turn) = self.reserve(count, Instant::now()) {
            tokio::time::sleep_until(turn).await;
        }
    }

    /// Reserves the next turn for `count` messages and returns when it begins; `None` without a limit.
    fn reserve(&self, count: usize, now: Instant) -> Option<Instant> {
        let rate = self.per_second?;
        let turn = self.free_at.get().map_or(now, |free_at| free_at.max(now));
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.free_at
            .set(Some(turn + Duration::from_secs(1) * count / rate.max(1)));
        Some(turn)
    }
}

/// Parses a rate such as `50` or `50/s`.
pub(super) fn parse_rate(text: &str) -> Result<u32, &'static str> {
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
        assert_eq!((parse_rate("50"), parse_rate("50/s")), (Ok(50), Ok(50)));
        for text in ["0", "0/s", "-1", "1.5", "50/m", "", "/s"] {
            assert!(parse_rate(text).is_err(), "{text}");
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
        // Unused time does not allow a burst later.
        let later = now + Duration::from_secs(9);
        assert_eq!(pace.reserve(10, later), Some(later));
    }

    #[test]
    fn without_a_limit_no_turn_waits() {
        assert_eq!(Pace::new(None).reserve(1_000_000, Instant::now()), None);
    }
}
