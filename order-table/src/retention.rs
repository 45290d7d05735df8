//! How long the row of an order is kept.

use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use timestamp::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// How long before its end an order counts as expired. Clocks differ, and DynamoDB may delete a row while a message of its order is
/// being inserted.
const MARGIN: Duration = DAY;

/// The time for which the row of an order is kept, from its acceptance. DynamoDB deletes the row some time after it (TTL).
///
/// **Invariant:** it is longer than every message and every claim of an order lasts. `template.yaml` says by how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention(Option<NonZeroU32>);

/// The text is not a retention. A verb phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 0 (for ever), or a number of days from {} to {}",
    Retention::MIN_DAYS,
    Retention::MAX_DAYS
)]
pub struct RetentionError;

impl Retention {
    /// The fewest days. A message lasts at most 37 days: 10 days of retries (`MaxRetrySeconds`), 13 days in a queue that nobody reads
    /// (`QueueRetentionSeconds`), and 14 days as a dead letter. It can be replayed on the last of them, and then lasts as long again.
    pub const MIN_DAYS: u32 = 90;
    /// The most days.
    pub const MAX_DAYS: u32 = 9999;
    /// Rows are never deleted.
    pub const FOREVER: Self = Self(None);

    /// When DynamoDB may delete the row of an order that was accepted then. `None`: never.
    #[must_use]
    pub fn expires_at(self, accepted_at: Timestamp) -> Option<Timestamp> {
        let days = self.0?;
        Some(Timestamp::new(
            accepted_at.as_offset_date_time() + DAY * days.get(),
        ))
    }

    /// Whether the row of an order that was accepted then may be deleted already. A message of the order must not store it again.
    #[must_use]
    pub fn is_over(self, accepted_at: Timestamp, now: Timestamp) -> bool {
        self.expires_at(accepted_at)
            .is_some_and(|expires_at| now.as_offset_date_time() >= expires_at.as_offset_date_time() - MARGIN)
    }
}

impl FromStr for Retention {
    type Err = RetentionError;

    /// A number of days. 0 and the empty text are for ever.
    fn from_str(text: &str) -> Result<Self, RetentionError> {
        if text.is_empty() {
            return Ok(Self::FOREVER);
        }
        match text.parse() {
            Ok(0) => Ok(Self::FOREVER),
            Ok(days @ Self::MIN_DAYS..=Self::MAX_DAYS) => Ok(Self(NonZeroU32::new(days))),
            Ok(_) | Err(_) => Err(RetentionError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_for_ever_or_longer_than_every_message() {
        assert_eq!("".parse(), Ok(Retention::FOREVER));
        assert_eq!("0".parse(), Ok(Retention::default()));
        for wrong in ["89", "10000", "-1", "a year", "90.5"] {
            assert_eq!(wrong.parse::<Retention>(), Err(RetentionError), "{wrong}");
        }
        assert_eq!(
            RetentionError.to_string(),
            "must be 0 (for ever), or a number of days from 90 to 9999"
        );
    }

    #[test]
    fn a_row_expires_that_many_days_after_its_acceptance() {
        let accepted_at = at("2026-01-01T12:00:00.000Z");
        let year: Retention = "365".parse().unwrap();
        assert_eq!(year.expires_at(accepted_at), Some(at("2027-01-01T12:00:00.000Z")));
        assert_eq!(Retention::FOREVER.expires_at(accepted_at), None);
    }

    #[test]
    fn a_message_comes_too_late_a_day_before_its_row_may_be_deleted() {
        let accepted_at = at("2026-01-01T12:00:00.000Z");
        let year: Retention = "365".parse().unwrap();
        assert!(!year.is_over(accepted_at, at("2026-12-31T11:59:59.999Z")));
        assert!(year.is_over(accepted_at, at("2026-12-31T12:00:00.000Z")));
        assert!(!Retention::FOREVER.is_over(accepted_at, at("9999-12-31T00:00:00.000Z")));
    }
}
