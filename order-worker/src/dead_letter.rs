//! What is sent to the dead-letter queue: the message as it was, and why it is there.

use order_core::Timestamp;

use crate::judgement::Failure;
use crate::record::{AttributeContent, MessageAttribute, Record};

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

/// The most attributes of a message (SQS quotas).
const MOST_ATTRIBUTES: usize = 10;
/// The most bytes of a message, attributes included (SQS quotas): 1 MiB.
const MOST_BYTES: usize = 1024 * 1024;
/// The most bytes of `error_detail`.
const MOST_DETAIL_BYTES: usize = 1024;

/// A message for the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The body, unchanged.
    pub body: String,
    /// The sender's own attributes and the reason.
    pub attributes: Vec<MessageAttribute>,
}

impl DeadLetter {
    /// Lays a failed message out for the dead-letter queue.
    ///
    /// There is none if the reason would push the message over 10 attributes or 1 MiB, or if it has no body: then the
    /// queue's redrive carries it there, as it is.
    #[must_use]
    pub fn new(record: &Record, failure: &Failure, failed_at: Timestamp) -> Option<Self> {
        let body = record.body.clone()?;
        let reason = [
            (attribute::ERROR_CODE, "String", printable(&failure.code)),
            (attribute::ERROR_DETAIL, "String", printable(&failure.detail)),
            (attribute::FAILED_AT, "String", failed_at.to_string()),
            (
                attribute::SOURCE_MESSAGE_ID,
                "String",
                printable(record.message_id.as_deref().unwrap_or_default()),
            ),
            (
                attribute::RECEIVE_COUNT,
                "Number",
                record.receive_count.to_string(),
            ),
        ];
        let reason = reason
            .into_iter()
            .map(|(name, data_type, text)| MessageAttribute {
                name: name.to_owned(),
                data_type: data_type.to_owned(),
                value: AttributeContent::Text(text),
            });
        let kept = record
            .attributes
            .iter()
            .filter(|kept| !attribute::ALL.contains(&kept.name.as_str()));
        let letter = Self {
            body,
            attributes: kept.cloned().chain(reason).collect(),
        };
        (letter.attributes.len() <= MOST_ATTRIBUTES && letter.size() <= MOST_BYTES).then_some(letter)
    }

    /// What it counts towards a message's and a batch's limit, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body.len() + self.attributes.iter().map(MessageAttribute::size).sum::<usize>()
    }
}

/// The text as an attribute's value may be: not empty, at most 1 KB, and only characters that SQS takes (XML 1.0's).
fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len().min(MOST_DETAIL_BYTES));
    for character in text.chars() {
        let character = match character {
            '\u{fffe}' | '\u{ffff}' => '?',
            character if character.is_control() => ' ',
            character => character,
        };
        if printable.len() + character.len_utf8() > MOST_DETAIL_BYTES {
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

    fn text(name: &str, value: &str) -> MessageAttribute {
        let value = AttributeContent::Text(value.to_owned());
        MessageAttribute {
            name: name.to_owned(),
            data_type: "String".to_owned(),
            value,
        }
    }

    fn letter(record: &Record, detail: &str) -> Option<DeadLetter> {
        let failed_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
        DeadLetter::new(record, &Failure::permanent("malformed", detail), failed_at)
    }

    fn record(attributes: Vec<MessageAttribute>) -> Record {
        let message_id = Some("m".to_owned());
        Record {
            message_id,
            body: Some("body".to_owned()),
            receive_count: 2,
            attributes,
            ..Record::default()
        }
    }

    #[test]
    fn the_senders_attributes_stay_and_an_older_reason_is_replaced() {
        let letter = letter(
            &record(vec![text("trace", "t"), text("error_code", "older")]),
            "why",
        )
        .unwrap();
        let attributes: Vec<_> = letter
            .attributes
            .iter()
            .map(|a| (a.name.as_str(), &a.value))
            .collect();
        let value = |value: &str| AttributeContent::Text(value.to_owned());
        assert_eq!(
            attributes,
            [
                ("trace", &value("t")),
                ("error_code", &value("malformed")),
                ("error_detail", &value("why")),
                ("failed_at", &value("1970-01-01T00:00:00.000Z")),
                ("source_message_id", &value("m")),
                ("receive_count", &value("2")),
            ]
        );
        assert_eq!(letter.body, "body");
    }

    #[test]
    fn over_ten_attributes_there_is_none() {
        let attributes = |count: usize| (0..count).map(|n| text(&format!("a{n}"), "v")).collect();
        assert!(letter(&record(attributes(5)), "why").is_some());
        assert!(letter(&record(attributes(6)), "why").is_none());
    }

    #[test]
    fn over_a_mebibyte_there_is_none() {
        let mut record = record(Vec::new());
        record.body = Some("x".repeat(MOST_BYTES));
        assert!(letter(&record, "why").is_none());
    }

    #[test]
    fn the_detail_is_bounded_and_printable() {
        let AttributeContent::Text(detail) = letter(
            &record(Vec::new()),
            &format!("a\u{0}b\u{ffff}{}", "é".repeat(2000)),
        )
        .unwrap()
        .attributes[1]
            .value
            .clone()
        else {
            panic!("not text")
        };
        assert!(detail.starts_with("a b?é") && (1023..=1024).contains(&detail.len()));
    }
}
