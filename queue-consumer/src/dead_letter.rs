//! What is sent to the dead-letter queue: the message as it was, and why it is there.

use std::collections::BTreeMap;
use std::fmt;

use order_core::Timestamp;

use crate::failure::Failure;
use crate::quotas::{MAX_ATTRIBUTES, MAX_BYTES};
use crate::record::{Attribute, Record};

/// The names of the attributes that say why; older ones of these names are replaced.
pub mod attribute {
    /// For programs: the failure's code.
    pub const ERROR_CODE: &str = "error_code";
    /// For people: what happened.
    pub const ERROR_DETAIL: &str = "error_detail";
    /// When, by RFC 3339.
    pub const FAILED_AT: &str = "failed_at";
    /// The id that the message had in the queue it failed in.
    pub const SOURCE_MESSAGE_ID: &str = "source_message_id";
    /// How often it had been received (a number).
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

/// The most bytes of a text that says why.
const MAX_TEXT_BYTES: usize = 1024;

/// A message for the dead-letter queue, which SQS will take.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    body: String,
    attributes: BTreeMap<String, Attribute>,
}

/// Without what the message says, which belongs into no log.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DeadLetter").finish_non_exhaustive()
    }
}

impl DeadLetter {
    /// Lays a failed message out for the dead-letter queue.
    ///
    /// There is none if the reason would push the message over 10 attributes or 1 MiB, or if it has no body: then the
    /// queue's redrive carries it there, as it is.
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
        let letter = Self {
            body: record.body.clone()?,
            attributes,
        };
        (letter.attributes.len() <= MAX_ATTRIBUTES && letter.size() <= MAX_BYTES).then_some(letter)
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

    /// What it counts towards a message's and a batch's limit, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        let attributes = self.attributes.iter();
        let sizes = attributes.map(|(name, attribute)| name.len() + attribute.size());
        self.body.len() + sizes.sum::<usize>()
    }
}

/// The text as an attribute's value may be: not empty, at most 1 KB, and only characters that SQS takes (XML 1.0's).
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

    fn letter(record: &Record, detail: &str) -> Option<DeadLetter> {
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
        let letter = letter(&record(&["trace", "error_code"]), "why").unwrap();
        let attributes: Vec<_> = letter
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
        assert_eq!(letter.body(), "body");
    }

    #[test]
    fn over_ten_attributes_there_is_none() {
        assert!(letter(&record(&["a", "b", "c", "d", "e"]), "why").is_some());
        assert!(letter(&record(&["a", "b", "c", "d", "e", "f"]), "why").is_none());
    }

    #[test]
    fn over_a_mebibyte_there_is_none() {
        let of = |bytes: usize| Record {
            body: Some("x".repeat(bytes)),
            ..record(&[])
        };
        let most = MAX_BYTES - (letter(&record(&[]), "why").unwrap().size() - "body".len());
        assert_eq!(
            letter(&of(most), "why").map(|letter| letter.size()),
            Some(MAX_BYTES)
        );
        assert!(letter(&of(most + 1), "why").is_none());
    }

    #[test]
    fn without_a_body_there_is_none_and_without_an_id_there_is_one() {
        let bodiless = Record {
            body: None,
            ..record(&[])
        };
        assert!(letter(&bodiless, "why").is_none());
        let nameless = Record {
            message_id: None,
            ..record(&[])
        };
        let letter = letter(&nameless, "").unwrap();
        for name in ["source_message_id", "error_detail"] {
            assert_eq!(letter.attributes()[name].as_text(), Some("unknown"));
        }
    }

    #[test]
    fn the_detail_is_bounded_and_printable() {
        let letter = letter(&record(&[]), &format!("a\u{0}b\u{ffff}{}", "é".repeat(2000))).unwrap();
        let detail = letter.attributes()["error_detail"].as_text().unwrap();
        assert!(detail.starts_with("a b?é") && (1023..=1024).contains(&detail.len()));
    }
}
