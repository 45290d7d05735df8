//! Answers the queue for every record: done, postponed, or buried with its reason.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use order_core::Timestamp;

use crate::batch::{Attribute, Record};
use crate::outcome::{Outcome, Reason};
use crate::ports::{DeadLetter, Ports, Postponement};

/// The most attributes of an SQS message.
const MOST_ATTRIBUTES: usize = 10;

/// The largest SQS message, body and attributes together, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// Calls to the queue in flight at once.
const CALLS_IN_FLIGHT: usize = 8;

/// Time that the slowest call to the queue may take. None is begun later than that before the end.
const TIME_TO_CALL: Duration = Duration::from_secs(2);

/// What a batch is settled by.
#[derive(Debug, Clone, Copy)]
pub struct Settlement {
    /// The receive with which retries end.
    pub max_receive_count: u32,
    /// The invocation's end, on the clock's monotonic time.
    pub deadline: Duration,
    /// `failed_at` of the dead letters.
    pub now: Timestamp,
}

impl Settlement {
    /// Buries what can never succeed and what has been received often enough, postpones the rest by `delays` (one a
    /// record), and names every record whose message is to be received again, by its place. So it is where a letter cannot
    /// be stored: then the queue's own redrive does its work.
    pub async fn settle<P: Ports>(
        &self,
        ports: &P,
        records: &[&Record],
        outcomes: &[Outcome],
        delays: &[Duration],
    ) -> Vec<usize> {
        let failed = records
            .iter()
            .zip(outcomes)
            .enumerate()
            .filter_map(|(place, (record, outcome))| match outcome {
                Outcome::Done => None,
                Outcome::Permanent(reason) => Some((place, record, reason, true)),
                Outcome::Transient(reason) => Some((
                    place,
                    record,
                    reason,
                    record.receive_count >= self.max_receive_count,
                )),
            });
        let unfinished: Vec<usize> = stream::iter(failed)
            .map(|(place, record, reason, last)| async move {
                let buried = last && self.bury(ports, record, reason).await;
                (!buried).then_some(place)
            })
            .buffered(CALLS_IN_FLIGHT)
            .filter_map(std::future::ready)
            .collect()
            .await;
        let delayed = unfinished.iter().map(|&place| (records[place], delays[place]));
        self.postpone(ports, delayed).await;
        unfinished
    }

    fn has_time<P: Ports>(&self, ports: &P) -> bool {
        ports.monotonic() + TIME_TO_CALL <= self.deadline
    }

    async fn bury<P: Ports>(&self, ports: &P, record: &Record, reason: &Reason) -> bool {
        let Some(letter) = dead_letter(record, reason, self.now) else {
            tracing::error!(
                message_id = record.message_id,
                "SQS would not take the message with the reason: left to the queue's redrive"
            );
            return false;
        };
        if !self.has_time(ports) {
            return false;
        }
        match ports.bury(&letter).await {
            Ok(()) => {
                tracing::error!(message_id = record.message_id, error_code = %reason.code, "message was dead-lettered");
                true
            }
            Err(error) => {
                tracing::error!(message_id = record.message_id, %error, "dead letter could not be stored");
                false
            }
        }
    }

    /// A delay that is not set costs time only: the message comes back when its visibility timeout ends.
    async fn postpone<P: Ports>(&self, ports: &P, unfinished: impl Iterator<Item = (&Record, Duration)>) {
        let postponements: Vec<Postponement> = unfinished
            .filter_map(|(record, delay)| record.postponement(delay))
            .collect();
        stream::iter(postponements.chunks(P::MOST_ENTRIES))
            .for_each_concurrent(CALLS_IN_FLIGHT, |chunk| async move {
                if !self.has_time(ports) {
                    return;
                }
                if let Err(error) = ports.postpone(chunk).await {
                    tracing::warn!(messages = chunk.len(), %error, "messages could not be postponed");
                }
            })
            .await;
    }
}

/// The record with the reason in its attributes, which replace older ones of their names; nothing when SQS would not
/// take it: too large, too many attributes, no body or no id at all.
fn dead_letter(record: &Record, reason: &Reason, now: Timestamp) -> Option<DeadLetter> {
    let mut attributes = record.attributes.clone();
    let count = Attribute {
        data_type: "Number".to_owned(),
        ..Attribute::text(record.receive_count.to_string())
    };
    attributes.extend([
        ("error_code".to_owned(), Attribute::text(reason.code.as_str())),
        (
            "error_detail".to_owned(),
            Attribute::text(in_characters_of_sqs(&reason.detail)),
        ),
        ("failed_at".to_owned(), Attribute::text(now.to_string())),
        (
            "source_message_id".to_owned(),
            Attribute::text(record.message_id.clone()?),
        ),
        ("receive_count".to_owned(), count),
    ]);
    let size: usize = attributes
        .iter()
        .map(|(name, attribute)| name.len() + attribute.size())
        .sum();
    let fits = attributes.len() <= MOST_ATTRIBUTES
        && record.body.len() + size <= MOST_BYTES
        && !record.body.is_empty();
    fits.then(|| DeadLetter {
        body: record.body.clone(),
        attributes,
    })
}

/// SQS refuses empty values and the characters that XML 1.0 cannot write. Long details say nothing more.
fn in_characters_of_sqs(detail: &str) -> String {
    const MOST_CHARACTERS: usize = 1000;
    let writable =
        |&character: &char| !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}');
    let text: String = detail.chars().filter(writable).take(MOST_CHARACTERS).collect();
    if text.is_empty() { "none".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::ErrorCode;

    fn record(attributes: &[&str]) -> Record {
        Record {
            message_id: Some("m-1".into()),
            receipt_handle: None,
            receive_count: 3,
            body: "{".into(),
            attributes: attributes
                .iter()
                .map(|name| ((*name).to_owned(), Attribute::text("old")))
                .collect(),
        }
    }

    fn letter(record: &Record) -> Option<DeadLetter> {
        let reason = Reason {
            code: ErrorCode::MalformedEvent,
            detail: "a\u{0}b\nc".into(),
        };
        dead_letter(record, &reason, "2026-11-23T09:35:01.000Z".parse().unwrap())
    }

    #[test]
    fn a_newer_reason_replaces_an_older_one() {
        let letter = letter(&record(&["error_code", "trace"])).unwrap();
        assert_eq!(letter.attributes.len(), 6);
        assert_eq!(
            letter.attributes["error_code"],
            Attribute::text("malformed_event")
        );
        assert_eq!(letter.attributes["error_detail"], Attribute::text("abc"));
        assert_eq!(letter.attributes["receive_count"].data_type, "Number");
        assert_eq!(letter.body, "{");
    }

    #[test]
    fn what_would_not_fit_is_left_to_redrive() {
        assert!(letter(&record(&["a", "b", "c", "d", "e"])).is_some());
        assert!(letter(&record(&["a", "b", "c", "d", "e", "f"])).is_none());
        let large = Record {
            body: "x".repeat(MOST_BYTES - 20),
            ..record(&[])
        };
        assert!(letter(&large).is_none());
    }
}
