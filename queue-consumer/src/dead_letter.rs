//! A message for the dead-letter queue: the original message and the reason.

use std::collections::BTreeMap;
use std::fmt;

use timestamp::Timestamp;

use crate::failure::Failure;
use crate::quotas::{MAX_ATTRIBUTES, MAX_BYTES};
use crate::record::{Attribute, Record};

/// The names of the attributes that hold the reason. They replace attributes of the same names.
pub mod attribute {
    /// The failure's code, for programs.
    pub const ERROR_CODE: &str = "error_code";
    /// The detail, for people.
    pub const ERROR_DETAIL: &str = "error_detail";
    /// When, as RFC 3339.
    pub const FAILED_AT: &str = "failed_at";
    /// The message's id in the queue in which it failed.
    pub const SOURCE_MESSAGE_ID: &str = "source_message_id";
    /// How often the message had been received (a number).
    pub const RECEIVE_COUNT: &str = "receive_count";
    /// All of them.
    pub const ALL: [&str; 5] = [
        ERROR_CODE,
        ERROR_DETAIL,
        FAILED_AT,
        SOURCE_MESSAGE_ID,
        RECEIVE_COUNT,
    ];
}

/// The most bytes of a text of the reason.
const MAX_TEXT_BYTES: usize = 1024;

/// A message for the dead-letter queue, within the limits of SQS.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    body: String,
    attributes: BTreeMap<String, Attribute>,
}

/// Without the message's content, which no log may hold.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeadLetter").finish_non_exhaustive()
    }
}

impl DeadLetter {
    /// The dead letter of a failed message.
    ///
    /// None if the message has no body, or if it would have more than 10 attributes or 1 MiB with the reason. The queue's own
    /// redrive then moves the message to the dead-letter queue without a reason.
    #[must_use]
    pub fn new(record: &Record, failure: &Failure, failed_at: Timestamp) -> Option<Self> {
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
            (attribute::RECEIVE_COUNT, Attribute::number(record.receive_count)),
        ];
        let mut attributes = record.attributes.clone();
        attributes.extend(reason.map(|(name, attribute)| (name.to_owned(), attribute)));
        let dead_letter = Self {
            body: record.body.clone()?,
            attributes,
        };
        (dead_letter.attributes.len() <= MAX_ATTRIBUTES && dead_letter.size() <= MAX_BYTES)
            .then_some(dead_letter)
    }

    /// The body, unchanged.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The sender's own attributes and the reason, by name.
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<String, Attribute> {
        &self.attributes
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

    fn dead_letter(record: &Record, detail: &str) -> Option<DeadLetter> {
        let failed_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
        DeadLetter::new(record, &Failure::permanent("malformed", detail), failed_at)
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
}
