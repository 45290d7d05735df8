//! A moment in UTC to the millisecond, written as RFC 3339.
//!
//! A crate of its own, so that code without orders in it, such as the queue consumer, needs no domain for a time.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

/// A moment in UTC with a precision of one millisecond, written as RFC 3339: `2026-11-23T09:35:00.123Z`.
///
/// Texts sort in the order of their times, so that a table's sort key can hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

/// The text is not an RFC 3339 timestamp of the years 0 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 timestamp, for example 2026-11-23T09:35:00.123Z")]
pub struct TimestampError;

impl Timestamp {
    /// The moment, cut to whole milliseconds.
    #[must_use]
    pub fn new(moment: OffsetDateTime) -> Self {
        let utc = moment.to_offset(UtcOffset::UTC);
        Self(utc - Duration::nanoseconds(i64::from(utc.nanosecond() % 1_000_000)))
    }

    /// The moment this many milliseconds after the Unix epoch.
    pub fn from_unix_milliseconds(milliseconds: i64) -> Result<Self, TimestampError> {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
            .map_err(|_| TimestampError)?;
        if (0..=9999).contains(&moment.year()) {
            Ok(Self::new(moment))
        } else {
            Err(TimestampError)
        }
    }

    /// The moment as the `time` crate's type.
    #[must_use]
    pub fn as_offset_date_time(self) -> OffsetDateTime {
        self.0
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn unix_milliseconds(self) -> i64 {
        self.0.unix_timestamp() * 1000 + i64::from(self.0.millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        // Digit by digit into one text: an order is written with up to five times, and the padding of `write!` takes long.
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (end, number) in [
            (4, date.year().unsigned_abs()),
            (7, u8::from(date.month()).into()),
            (10, date.day().into()),
            (13, time.hour().into()),
            (16, time.minute().into()),
            (19, time.second().into()),
            (23, time.millisecond().into()),
        ] {
            write_digits(&mut text[..end], number);
        }
        formatter.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// Writes a number's decimal digits at the end of `text`, and leaves the characters before them.
fn write_digits(text: &mut [u8], mut number: u32) {
    for digit in text.iter_mut().rev() {
        if number == 0 {
            return;
        }
        // The remainder is one digit, so that it fits.
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimestampError)?;
        // An offset can carry a moment of the year 9999 into 10000, which RFC 3339 cannot write.
        let utc = moment.checked_to_offset(UtcOffset::UTC).ok_or(TimestampError)?;
        if (0..=9999).contains(&utc.year()) {
            Ok(Self::new(utc))
        } else {
            Err(TimestampError)
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_in_utc_to_the_millisecond() {
        let moment: Timestamp = "2026-11-23T11:35:00.123999+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-11-23T09:35:00.123Z");
        assert_eq!(moment.to_string().parse(), Ok(moment));
        assert_eq!(moment.unix_milliseconds(), 1_795_426_500_123);
        assert_eq!(Timestamp::from_unix_milliseconds(1_795_426_500_123), Ok(moment));
        for outside in [i64::MIN, -62_167_219_200_001, 253_402_300_800_000, i64::MAX] {
            assert_eq!(Timestamp::from_unix_milliseconds(outside), Err(TimestampError));
        }
    }

    #[test]
    fn every_part_is_padded() {
        for text in [
            "0000-01-01T00:00:00.000Z",
            "0001-02-03T04:05:06.007Z",
            "9999-12-31T23:59:59.999Z",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-13-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "now",
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimestampError), "{text}");
        }
    }
}
