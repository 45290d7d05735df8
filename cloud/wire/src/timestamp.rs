//! Timestamps in AWS's text form.

use time::OffsetDateTime;
use time::macros::format_description;

/// Formats milliseconds since the Unix epoch as `2026-11-23T10:15:30.123Z`.
#[must_use]
pub fn iso8601(ms: i64) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        // Formatting fails only for times thousands of years from now.
        .unwrap_or_else(|| ms.to_string())
}

#[cfg(test)]
mod tests {
    #[test]
    fn milliseconds_and_zone_are_always_written() {
        assert_eq!(super::iso8601(1_700_000_000_000), "2023-11-14T22:13:20.000Z");
    }
}
