//! A dead letter: a message and the reason of its failure.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use order_core::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::failed_cover::FailedCover;
use crate::queue::QueueName;

/// The reason of a letter without an `error_code`. No service gave it up: SQS moved it after its last receive, because the
/// processes that had received it died.
const ATTEMPTS_EXHAUSTED: &str = "attempts_exhausted";
/// The reason of an email for which SNS gives no `ErrorCode`.
const UNDELIVERED: &str = "undelivered";
/// The reason of a message among the failed covers that is no record of Lambda.
const UNREADABLE: &str = "unreadable";

/// A dead letter. `dlq list --json` prints its JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// Its id in the dead-letter queue.
    pub message_id: String,
    /// The id of its order, if the body names one.
    pub order_id: Option<String>,
    /// The queue in which it failed.
    pub queue: QueueName,
    /// A code, such as `malformed`.
    pub reason: String,
    /// A sentence about the reason.
    pub detail: Option<String>,
    /// When it failed. If that is not known, when it was first sent.
    pub failed_at: Option<String>,
    /// The message's body, unchanged.
    pub body: String,
    /// Its receive count when it failed. If that is not known, its receive count now.
    pub receive_count: u64,
    /// When it was sent, in milliseconds since the epoch.
    #[serde(skip)]
    pub sent_at: Option<i64>,
    /// The X-Ray trace header with which it was first sent.
    #[serde(skip)]
    pub trace: Option<String>,
    /// The values of its text attributes.
    #[serde(skip)]
    pub texts: Vec<String>,
}

impl DeadLetter {
    /// Reads a message of a dead-letter queue.
    #[must_use]
    pub fn read(queue: QueueName, message: &Message) -> Self {
        let attribute = |name: &str| {
            let value = message.message_attributes.as_ref()?.get(name)?;
            value.string_value.clone()
        };
        let system = |name| message.attributes.as_ref()?.get(&name).cloned();
        let body = message.body.clone().unwrap_or_default();
        // Lambda describes an event that failed in the body.
        let cover = (queue == QueueName::Covers)
            .then(|| FailedCover::from_json(&body).ok())
            .flatten();
        let cover = cover.as_ref();
        let received = attribute("receive_count")
            .or_else(|| Some(cover?.invocations().to_string()))
            .or_else(|| system(MessageSystemAttributeName::ApproximateReceiveCount))
            .and_then(|count| count.parse().ok());
        Self {
            message_id: message.message_id.clone().unwrap_or_default(),
            order_id: order_id(&body),
            queue,
            // SNS describes a delivery that failed by attributes of its own: the Developer Guide, "Amazon SNS dead-letter queues".
            reason: match queue {
                QueueName::Emails => attribute("ErrorCode").unwrap_or_else(|| UNDELIVERED.to_owned()),
                QueueName::Covers => cover.map_or_else(|| UNREADABLE.to_owned(), FailedCover::reason),
                QueueName::Orders | QueueName::Notifications => {
                    attribute("error_code").unwrap_or_else(|| ATTEMPTS_EXHAUSTED.to_owned())
                }
            },
            detail: attribute("error_detail")
                .or_else(|| attribute("ErrorMessage"))
                .or_else(|| cover?.detail().map(str::to_owned)),
            failed_at: attribute("failed_at")
                .or_else(|| Some(cover?.timestamp.clone()))
                .or_else(|| {
                    system(MessageSystemAttributeName::SentTimestamp)
                        .as_deref()
                        .and_then(sent_at)
                }),
            body,
            receive_count: received.unwrap_or(0),
            sent_at: system(MessageSystemAttributeName::SentTimestamp).and_then(|at| at.parse().ok()),
            trace: system(MessageSystemAttributeName::AwsTraceHeader),
            texts: message
                .message_attributes
                .iter()
                .flatten()
                .filter_map(|(_, value)| value.string_value.clone())
                .collect(),
        }
    }

    /// When it failed, if that can be parsed.
    pub(super) fn failed_at(&self) -> Option<Timestamp> {
        self.failed_at.as_deref()?.parse().ok()
    }

    /// Whether it carries the reason of its failure. Without one the reason is `attempts_exhausted`.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.reason != ATTEMPTS_EXHAUSTED
    }

    /// Whether its body or an attribute contains a text.
    pub(super) fn contains(&self, text: &str) -> bool {
        let detail = self.detail.as_deref().unwrap_or_default();
        self.body.contains(text)
            || detail.contains(text)
            || self.texts.iter().any(|value| value.contains(text))
    }

    /// Whose order it is about, if its body says so.
    #[must_use]
    pub fn customer_id(&self) -> Option<String> {
        let document: Value = serde_json::from_str(&self.body).ok()?;
        let order = document.get("data").unwrap_or(&document).get("order")?;
        order.get("customer")?.get("id")?.as_str().map(str::to_owned)
    }

    /// Whether this is its message id or its order id, in capitals or not: both are UUIDs. An email names each of its orders in its
    /// text. A failed cover has the ISBN of its book.
    #[must_use]
    pub fn has_id(&self, id: &str) -> bool {
        let is = |own: &str| own.eq_ignore_ascii_case(id);
        let is_in_text = || Uuid::try_parse(id).is_ok_and(|id| self.body.contains(&id.to_string()));
        is(&self.message_id)
            || self.order_id.as_deref().is_some_and(is)
            || match self.queue {
                QueueName::Orders | QueueName::Notifications => false,
                QueueName::Emails => is_in_text(),
                QueueName::Covers => {
                    FailedCover::from_json(&self.body).is_ok_and(|cover| cover.is_of_book(id))
                }
            }
    }
}

/// The order id in the body of a queue message or of an event. A poison message may have none.
fn order_id(body: &str) -> Option<String> {
    let document: Value = serde_json::from_str(body).ok()?;
    let id = document
        .get("order_id")
        .or_else(|| document.get("data")?.get("order_id"))?;
    id.as_str().map(str::to_owned)
}

/// RFC 3339 from the milliseconds of `SentTimestamp`.
fn sent_at(milliseconds: &str) -> Option<String> {
    let nanoseconds = milliseconds.parse::<i128>().ok()?.checked_mul(1_000_000)?;
    let moment = time::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
    Some(Timestamp::new(moment).to_string())
}

#[cfg(test)]
pub(super) mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;
    use crate::failed_cover::tests::RECORD;

    /// A dead letter for tests.
    pub(crate) fn dead_letter() -> DeadLetter {
        DeadLetter {
            message_id: "m-1".to_owned(),
            order_id: Some("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".to_owned()),
            queue: QueueName::Orders,
            reason: "conflict".to_owned(),
            detail: None,
            failed_at: Some("2026-11-23T09:35:00.000Z".to_owned()),
            body: String::new(),
            receive_count: 1,
            sent_at: None,
            trace: None,
            texts: Vec::new(),
        }
    }

    fn text(value: &str) -> MessageAttributeValue {
        MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .unwrap()
    }

    #[test]
    fn the_reason_is_read_from_the_attributes() {
        let message = Message::builder()
            .message_id("m-1")
            .body(r#"{"schema_version":1,"order_id":"o-1"}"#)
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "4")
            .message_attributes("error_code", text("conflict"))
            .message_attributes("error_detail", text("another order has this id"))
            .message_attributes("failed_at", text("2026-11-23T09:35:00.000Z"))
            .message_attributes("receive_count", text("1"))
            .build();
        let json = serde_json::to_string_pretty(&DeadLetter::read(QueueName::Orders, &message)).unwrap();
        insta::assert_snapshot!(json, @r#"
        {
          "message_id": "m-1",
          "order_id": "o-1",
          "queue": "orders",
          "reason": "conflict",
          "detail": "another order has this id",
          "failed_at": "2026-11-23T09:35:00.000Z",
          "body": "{\"schema_version\":1,\"order_id\":\"o-1\"}",
          "receive_count": 1
        }
        "#);
    }

    #[test]
    fn a_letter_without_a_reason_has_exhausted_its_attempts() {
        let message = Message::builder()
            .body("poison")
            .attributes(MessageSystemAttributeName::SentTimestamp, "1795426500123")
            .attributes(MessageSystemAttributeName::ApproximateReceiveCount, "13")
            .build();
        let letter = DeadLetter::read(QueueName::Notifications, &message);
        assert_eq!(
            (letter.reason.as_str(), letter.receive_count),
            (ATTEMPTS_EXHAUSTED, 13)
        );
        assert_eq!(letter.failed_at.as_deref(), Some("2026-11-23T09:35:00.123Z"));
        assert_eq!(letter.order_id, None);
    }

    #[test]
    fn an_email_has_the_reason_of_sns_and_the_orders_of_its_text() {
        let order = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
        let message = Message::builder()
            .message_id("m-1")
            .body(format!(
                r#"{{"Type":"Notification","Message":"Order {order} is confirmed"}}"#
            ))
            .message_attributes("ErrorCode", text("550"))
            .message_attributes("ErrorMessage", text("mailbox unavailable"));
        let letter = DeadLetter::read(QueueName::Emails, &message.clone().build());
        assert_eq!(
            (letter.reason.as_str(), letter.detail.as_deref()),
            ("550", Some("mailbox unavailable"))
        );
        assert!(letter.has_id(&order.to_uppercase()) && letter.has_id("m-1"));
        assert!(!letter.has_id("0199d3a0-5c1e-7b3a-9f57-000000000000") && !letter.has_id("Order"));
        let other = DeadLetter::read(QueueName::Orders, &message.build());
        assert!(!other.has_id(order));
        let cover = DeadLetter::read(QueueName::Covers, &Message::builder().body(RECORD).build());
        assert_eq!(
            (
                cover.reason.as_str(),
                cover.detail.as_deref(),
                cover.receive_count
            ),
            ("retries_exhausted", Some("a call failed: SlowDown"), 3)
        );
        assert_eq!(cover.failed_at.as_deref(), Some("2026-11-29T10:00:00.000Z"));
        assert!(cover.has_id("9783161484100") && !cover.has_id("9783161484117"));
        let unreadable = DeadLetter::read(QueueName::Covers, &Message::builder().body("?").build());
        assert_eq!(unreadable.reason, "unreadable");
        let silent = DeadLetter::read(QueueName::Emails, &Message::builder().body("?").build());
        assert_eq!(silent.reason, UNDELIVERED);
    }

    #[test]
    fn a_message_and_an_event_name_their_customer() {
        for (body, customer) in [
            (
                include_str!("../../order-core/golden/message-v1.json"),
                Some("c-42"),
            ),
            (
                include_str!("../../order-core/golden/event-v1.json"),
                Some("c-42"),
            ),
            (r#"{"order":{"customer":"c-42"}}"#, None),
            ("{", None),
        ] {
            let message = Message::builder().body(body).build();
            let letter = DeadLetter::read(QueueName::Orders, &message);
            assert_eq!(letter.customer_id().as_deref(), customer, "{body}");
        }
    }

    #[test]
    fn an_event_names_its_order() {
        assert_eq!(
            order_id(r#"{"specversion":"1.0","data":{"order_id":"o-2"}}"#).as_deref(),
            Some("o-2")
        );
        assert_eq!(order_id("[1]"), None);
    }
}
