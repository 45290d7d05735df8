//! A message to send: a dead letter with its reason, or a failed message for another try.

use std::collections::BTreeMap;
use std::fmt;

use timestamp::Timestamp;

use crate::attribute;
use crate::failure::Failure;
use crate::quotas::{MAX_ATTRIBUTES, MAX_BYTES};
use crate::record::{Attribute, Record};

/// The most bytes of a text of the reason.
const MAX_TEXT_BYTES: usize = 1024;

/// A message to send, within the limits of SQS.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    body: String,
    attributes: BTreeMap<String, Attribute>,
    group_id: Option<String>,
    trace_header: Option<String>,
    delay_seconds: u32,
}

/// Without the message's content, which no log may hold.
impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Outgoing").finish_non_exhaustive()
    }
}

impl Outgoing {
    /// The dead letter of a failed message.
    ///
    /// None if the message has no body, or if it would have more than 10 attributes or 1 MiB with the reason. The queue's own
    /// redrive then moves the message to the dead-letter queue without a reason.
    #[must_use]
    pub fn dead_letter(record: &Record, failure: &Failure, failed_at: Timestamp) -> Option<Self> {
        let message_id = record.message_id.as_deref().unwrap_or_default();
        let reason = [
            (attribute::ERROR_CODE, Attribute::text(printable(&failure.code))),
            (
                attribute::ERROR_DETAIL,
                Attribute::text(printable(&failure.detail)),
            ),
            (attribute::FAILED_AT, Attribute::text(failed_at.to_string())),
            (
                attribute::SOURCE_MESSAGE_ID,
                Attribute::text(printable(message_id)),
            ),
            (attribute::RECEIVE_COUNT, Attribute::number(record.receives())),
        ];
        Self::new(record, reason, 0)
    }

    /// A failed message for another try after `delay_seconds`: its next copy, which counts its own receives from 0.
    ///
    /// None if there is no room for its attributes, or none for those of a dead letter later. Then the receives of the one
    /// copy must count on, until the queue's own redrive moves it.
    #[must_use]
    pub fn retry(record: &Record, code: &str, first_sent_at: Timestamp, delay_seconds: u32) -> Option<Self> {
        Self::dead_letter(record, &Failure::new(code.to_owned(), ""), first_sent_at)?;
        let retry = [
            (attribute::ERROR_CODE, Attribute::text(printable(code))),
            (attribute::RETRY_RECEIVES, Attribute::number(record.receives())),
            (
                attribute::RETRY_FIRST_SENT_AT,
                Attribute::text(first_sent_at.to_string()),
            ),
        ];
        Self::new(record, retry, delay_seconds)
    }

    /// The message with its sender's own attributes and `added`. It keeps its message group and its trace, as with SQS's own redrive.
    fn new<const N: usize>(
        record: &Record,
        added: [(&str, Attribute); N],
        delay_seconds: u32,
    ) -> Option<Self> {
        let mut attributes = record.attributes.clone();
        attributes.retain(|name, _| !attribute::ALL.contains(&name.as_str()));
        attributes.extend(added.map(|(name, attribute)| (name.to_owned(), attribute)));
        let message = Self {
            body: record.body.clone()?,
            attributes,
            group_id: record.group_id.clone(),
            trace_header: record.trace_header.clone(),
            delay_seconds,
        };
        (message.attributes.len() <= MAX_ATTRIBUTES && message.size() <= MAX_BYTES).then_some(message)
    }

    /// The body, unchanged.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// All attributes, by name.
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<String, Attribute> {
        &self.attributes
    }

    /// The message group.
    #[must_use]
    pub fn group_id(&self) -> Option<&str> {
        self.group_id.as_deref()
    }

    /// The X-Ray trace header.
    #[must_use]
    pub fn trace_header(&self) -> Option<&str> {
        self.trace_header.as_deref()
    }

    /// How long SQS delays the message, in seconds. A delayed message is not in flight.
    #[must_use]
    pub fn delay_seconds(&self) -> u32 {
        self.delay_seconds
    }

    /// The message's size in bytes, as SQS counts it towards the limits of a message and of a batch.
    #[must_use]
    pub fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        let sizes = attributes.map(|(name, attribute)| name.len() + attribute.size());
        self.body.len() + sizes.sum::<usize>()
    }
}

/// The text as SQS accepts it in an attribute: not empty, at most 1 KB, and only characters of XML 1.0.
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len().min(MAX_TEXT_BYTES));
    for character in text.chars() {
        let character = match character {
            '\u{fffe}' | '\u{ffff}' => '?',
            character if character.is_control() => ' ',
            character => character,
        };
        if printable.len() + character.len_utf8() > MAX_TEXT_BYTES {
            break;
        }
        printable.push(character);
    }
    if printable.trim().is_empty() {
        "unknown".to_owned()
    } else {
        printable
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn dead_letter(record: &Record, detail: &str) -> Option<Outgoing> {
        let failed_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
        Outgoing::dead_letter(record, &Failure::new("malformed", detail), failed_at)
    }

    fn record(attributes: &[&str]) -> Record {
        let attribute = |name: &&str| ((*name).to_owned(), Attribute::text("old"));
        Record {
            message_id: Some("m".to_owned()),
            body: Some("body".to_owned()),
            receive_count: 2,
            attributes: attributes.iter().map(attribute).collect(),
            ..Record::default()
        }
    }

    #[test]
    fn the_senders_attributes_stay_and_an_older_reason_is_replaced() {
        let dead_letter = dead_letter(&record(&["trace", "error_code"]), "why").unwrap();
        let attributes: Vec<_> = dead_letter
            .attributes()
            .iter()
            .map(|(name, attribute)| (name.as_str(), &*attribute.data_type, attribute.as_text().unwrap()))
            .collect();
        assert_eq!(
            attributes,
            [
                ("error_code", "String", "malformed"),
                ("error_detail", "String", "why"),
                ("failed_at", "String", "1970-01-01T00:00:00.000Z"),
                ("receive_count", "Number", "2"),
                ("source_message_id", "String", "m"),
                ("trace", "String", "old"),
            ]
        );
        assert_eq!(dead_letter.body(), "body");
    }

    #[test]
    fn over_ten_attributes_there_is_none() {
        assert!(dead_letter(&record(&["a", "b", "c", "d", "e"]), "why").is_some());
        assert!(dead_letter(&record(&["a", "b", "c", "d", "e", "f"]), "why").is_none());
    }

    #[test]
    fn over_a_mebibyte_there_is_none() {
        let of = |bytes: usize| Record {
            body: Some("x".repeat(bytes)),
            ..record(&[])
        };
        let max = MAX_BYTES - (dead_letter(&record(&[]), "why").unwrap().size() - "body".len());
        assert_eq!(
            dead_letter(&of(max), "why").map(|dead_letter| dead_letter.size()),
            Some(MAX_BYTES)
        );
        assert!(dead_letter(&of(max + 1), "why").is_none());
    }

    #[test]
    fn without_a_body_there_is_none_and_without_an_id_there_is_one() {
        let bodiless = Record {
            body: None,
            ..record(&[])
        };
        assert!(dead_letter(&bodiless, "why").is_none());
        let nameless = Record {
            message_id: None,
            ..record(&[])
        };
        let dead_letter = dead_letter(&nameless, "").unwrap();
        for name in ["source_message_id", "error_detail"] {
            assert_eq!(dead_letter.attributes()[name].as_text(), Some("unknown"));
        }
    }

    #[test]
    fn the_detail_is_limited_and_printable() {
        let dead_letter = dead_letter(&record(&[]), &format!("a\u{0}b\u{ffff}{}", "é".repeat(2000))).unwrap();
        let detail = dead_letter.attributes()["error_detail"].as_text().unwrap();
        assert!(detail.starts_with("a b?é") && (1023..=1024).contains(&detail.len()));
    }

    #[test]
    fn a_retry_counts_the_receives_of_all_copies_from_the_first_one_on() {
        let first_sent_at: Timestamp = "2026-11-23T09:35:00.000Z".parse().unwrap();
        let mut received = record(&["trace"]);
        for (receives, code) in [("2", "ThrottlingError"), ("4", "process_died")] {
            let retry = Outgoing::retry(&received, code, first_sent_at, 7).unwrap();
            assert_eq!((retry.body(), retry.delay_seconds()), ("body", 7));
            let text = |name: &str| retry.attributes()[name].as_text().unwrap().to_owned();
            assert_eq!(retry.attributes().len(), 4);
            assert_eq!(text("error_code"), code);
            assert_eq!(text("retry_receives"), receives);
            assert_eq!(text("retry_first_sent_at"), "2026-11-23T09:35:00.000Z");
            assert_eq!(text("trace"), "old");
            received.attributes = retry.attributes().clone();
        }
        let dead_letter = dead_letter(&received, "why").unwrap();
        assert_eq!(dead_letter.attributes()["receive_count"].as_text(), Some("6"));
        assert_eq!(dead_letter.attributes().len(), 6, "without those of a retry");
    }

    #[test]
    fn a_retry_needs_room_for_its_attributes() {
        let now = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
        let retry = |names: &[&str]| Outgoing::retry(&record(names), "code", now, 5);
        assert!(retry(&["a", "b", "c", "d", "e"]).is_some());
        assert!(
            retry(&["a", "b", "c", "d", "e", "f"]).is_none(),
            "no room for a dead letter later"
        );
    }
}
