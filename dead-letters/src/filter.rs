//! Filters for dead letters.

use std::time::Duration;

use order_core::Timestamp;
use serde::Serialize;

use crate::dead_letter::DeadLetter;
use crate::queue::QueueName;

/// The filters of `list`, `replay`, `purge` and `export`. A letter must pass all of them.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Which letters")]
pub(super) struct Filter {
    /// Only the dead letters of this queue
    #[arg(long)]
    pub(super) queue: Option<QueueName>,
    /// Only those with this reason, such as `conflict`; may be repeated
    #[arg(long = "reason", value_name = "CODE")]
    pub(super) reasons: Vec<String>,
    /// Only those that failed longer ago: `90s`, `30m`, `1h`, `2d`
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    pub(super) older_than: Option<Duration>,
    /// Only those whose body or attributes contain this text
    #[arg(long, value_name = "TEXT")]
    pub(super) contains: Option<String>,
}

/// A filter as an audit line records it. The text of `--contains` may be personal data, so that it is not recorded.
#[derive(Debug, Serialize)]
pub(super) struct FilterRecord {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    older_than_seconds: Option<u64>,
    contains_text: bool,
}

impl Filter {
    /// Whether a filter other than `--queue` is given.
    pub(super) fn is_given(&self) -> bool {
        !self.reasons.is_empty() || self.older_than.is_some() || self.contains.is_some()
    }

    /// Whether a letter passes.
    pub(super) fn passes(&self, letter: &DeadLetter, now: Timestamp) -> bool {
        let is_old = |least: &Duration| {
            letter.failed_at().is_some_and(|at| {
                let age = now.unix_milliseconds() - at.unix_milliseconds();
                u128::try_from(age).is_ok_and(|age| age >= least.as_millis())
            })
        };
        (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && self.older_than.as_ref().is_none_or(is_old)
            && self.contains.as_ref().is_none_or(|text| letter.contains(text))
    }

    /// The filter for an audit line.
    pub(super) fn record(&self) -> FilterRecord {
        FilterRecord {
            reasons: self.reasons.clone(),
            older_than_seconds: self.older_than.map(|span| span.as_secs()),
            contains_text: self.contains.is_some(),
        }
    }
}

/// Parses a span such as `90s`, `30m`, `1h` or `2d`.
pub(super) fn parse_span(text: &str) -> Result<Duration, &'static str> {
    const WRONG: &str = "must be a number and a unit: 90s, 30m, 1h or 2d";
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| WRONG)?;
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(WRONG),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or(WRONG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::tests::dead_letter;

    #[test]
    fn a_letter_has_to_pass_every_filter() {
        let now: Timestamp = "2026-11-23T11:00:00.000Z".parse().unwrap();
        let letter = DeadLetter {
            reason: "conflict".to_owned(),
            failed_at: Some("2026-11-23T09:35:00.000Z".to_owned()),
            body: r#"{"sku":"TEA"}"#.to_owned(),
            detail: Some("another order".to_owned()),
            ..dead_letter()
        };
        let filter = |reasons: &[&str], older_than: Option<&str>, contains: Option<&str>| Filter {
            queue: None,
            reasons: reasons.iter().map(|&reason| reason.to_owned()).collect(),
            older_than: older_than.map(|text| parse_span(text).unwrap()),
            contains: contains.map(str::to_owned),
        };
        for (filter, passes) in [
            (Filter::default(), true),
            (filter(&["malformed", "conflict"], Some("1h"), Some("TEA")), true),
            (filter(&["malformed"], Some("1h"), Some("TEA")), false),
            (filter(&["conflict"], Some("2h"), None), false),
            (filter(&[], None, Some("another order")), true),
            (filter(&[], None, Some("COFFEE")), false),
        ] {
            assert_eq!(filter.passes(&letter, now), passes, "{filter:?}");
        }
    }

    #[test]
    fn a_letter_of_unknown_age_is_not_older_than_anything() {
        let filter = Filter {
            older_than: Some(Duration::ZERO),
            ..Filter::default()
        };
        let letter = DeadLetter {
            failed_at: None,
            ..dead_letter()
        };
        assert!(!filter.passes(&letter, "2026-11-23T11:00:00.000Z".parse().unwrap()));
    }

    #[test]
    fn a_span_has_a_unit() {
        let seconds = ["90s", "30m", "2min", "1h", "2d"].map(|text| parse_span(text).unwrap().as_secs());
        assert_eq!(seconds, [90, 1800, 120, 3600, 172_800]);
        for text in [
            "",
            "1",
            "h",
            "1w",
            "-1h",
            "1.5h",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }
}
