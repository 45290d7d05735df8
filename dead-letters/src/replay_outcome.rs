//! The predicted outcome of a replay: what the services would do with a message now.
//!
//! The prediction uses the version of the domain code that this program was built with.

use std::collections::BTreeMap;
use std::fmt;

use order_core::{EventType, OrderEvent, OrderId, OrderMessage, QueueMessage, Timestamp};
use order_table::{OrderRow, Stored};
use serde_json::Value;
use time::OffsetDateTime;

use crate::failed_cover::FailedCover;
use crate::orders_table::{OrdersTable, Rows};
use crate::queue::QueueName;
use crate::undelivered_email::UndeliveredEmail;

/// The predicted outcome of a replay: the action of the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReplayOutcome {
    /// It is not valid, and would become a dead letter again.
    Invalid(String),
    /// The order would be stored and published.
    Store,
    /// The same order is already stored: its event would be published again.
    PublishAgain,
    /// Another order is stored under its id: it would become a dead letter again.
    Conflict {
        /// JSON pointers to the differing fields.
        differs: Vec<String>,
    },
    /// It asks to cancel an order that is stored: the order would be cancelled.
    Cancel,
    /// The event says that an order is confirmed that was cancelled since: nothing would happen.
    Cancelled,
    /// The event's order is stored and not marked as notified: an email would be sent.
    SendEmail,
    /// The event's order is marked as notified: nothing would happen.
    AlreadyNotified {
        /// When the email was sent.
        notified_at: String,
    },
    /// It is an email: it would be published again, to every subscriber.
    EmailAgain,
    /// It is a cover: its upload would be copied onto itself, and cover-resizer would get a new event.
    ResizeAgain,
    /// The order was erased: nothing would happen.
    Erased,
    /// The order is not stored, and older than rows are kept: it would become a dead letter again.
    Expired,
    /// The order of an event or of a cancellation is not stored: it would become a dead letter again.
    OrderNotStored,
    /// The stored row cannot be read.
    UnreadableRow(String),
}

impl ReplayOutcome {
    /// Whether the message would be processed.
    pub(super) fn is_success(&self) -> bool {
        matches!(
            self,
            Self::Store
                | Self::PublishAgain
                | Self::Cancel
                | Self::Cancelled
                | Self::SendEmail
                | Self::AlreadyNotified { .. }
                | Self::Erased
                | Self::EmailAgain
                | Self::ResizeAgain
        )
    }

    /// A code for programs. `replay --dry-run --json` prints it.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Store => "store",
            Self::PublishAgain => "publish_again",
            Self::Conflict { .. } => "conflict",
            Self::Cancel => "cancel",
            Self::Cancelled => "cancelled",
            Self::SendEmail => "send_email",
            Self::AlreadyNotified { .. } => "already_notified",
            Self::EmailAgain => "email_again",
            Self::ResizeAgain => "resize_again",
            Self::Erased => "erased",
            Self::Expired => "expired",
            Self::OrderNotStored => "order_not_stored",
            Self::UnreadableRow(_) => "unreadable_row",
        }
    }

    /// A short text for summaries.
    pub(super) fn summary(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "would fail: not valid",
            Self::Store => "would be stored",
            Self::PublishAgain => "is stored, would be published again",
            Self::Conflict { .. } => "would fail: conflict",
            Self::Cancel => "would be cancelled",
            Self::Cancelled => "was cancelled, nothing would happen",
            Self::SendEmail => "would be emailed",
            Self::AlreadyNotified { .. } => "was emailed, nothing would happen",
            Self::EmailAgain => "would be emailed again, to every subscriber",
            Self::ResizeAgain => "would be resized again",
            Self::Erased => "was erased, nothing would happen",
            Self::Expired => "would fail: older than orders are kept",
            Self::OrderNotStored => "would fail: order not stored",
            Self::UnreadableRow(_) => "would fail: stored row not readable",
        }
    }
}

impl fmt::Display for ReplayOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(reason) => write!(formatter, "not valid: {reason}\nreplaying it unchanged makes it a dead letter again"),
            Self::Store => formatter.write_str("valid\nnot stored: replaying stores and publishes it"),
            Self::PublishAgain => formatter.write_str(
                "valid\nalready stored, the same order: replaying publishes its event again and changes nothing else",
            ),
            Self::Conflict { differs } => write!(
                formatter,
                "valid\nanother order is stored under this id; different: {}\nreplaying it unchanged makes it a dead letter again",
                differs.join(", ")
            ),
            Self::Cancel => formatter.write_str("valid\nits order is stored: replaying cancels it, and publishes that"),
            Self::Cancelled => formatter.write_str("valid\nits order was cancelled since: replaying changes nothing"),
            Self::SendEmail => formatter.write_str("valid\nits order is stored, and no email was sent: replaying sends one"),
            Self::AlreadyNotified { notified_at } => write!(
                formatter,
                "valid\nan email was sent at {notified_at}: replaying changes nothing"
            ),
            Self::EmailAgain => formatter.write_str(
                "valid\nreplaying publishes the email again: every subscriber gets it, also those who have it",
            ),
            Self::ResizeAgain => formatter.write_str(
                "valid\nreplaying copies the upload onto itself, so that S3 sends a new event to cover-resizer",
            ),
            Self::Erased => formatter.write_str("valid\nits order was erased: replaying changes nothing; erase the letter too"),
            Self::Expired => formatter.write_str(
                "valid\nnot stored, and older than orders are kept: it may have been stored and deleted, so that a replay makes it a dead letter again",
            ),
            Self::OrderNotStored => formatter.write_str("valid\nits order is not stored: replay the order first, if it is a dead letter"),
            Self::UnreadableRow(reason) => write!(formatter, "valid\nthe stored row cannot be read: {reason}"),
        }
    }
}

/// A valid message.
#[derive(Debug)]
enum ValidMessage {
    Order(Box<OrderMessage>),
    Cancellation(OrderId),
    Event(Box<OrderEvent>),
    Email,
    Cover,
}

impl ValidMessage {
    fn parse(queue: QueueName, body: &str) -> Result<Self, String> {
        match queue {
            QueueName::Orders => QueueMessage::from_json(body)
                .map(|message| match message {
                    QueueMessage::Order(message) => Self::Order(message),
                    QueueMessage::Cancellation(message) => Self::Cancellation(message.order_id),
                })
                .map_err(|error| error.to_string()),
            QueueName::Notifications => OrderEvent::from_json(body)
                .map(|event| Self::Event(Box::new(event)))
                .map_err(|error| error.to_string()),
            QueueName::Emails => UndeliveredEmail::from_json(body)
                .map(|_| Self::Email)
                .map_err(|error| error.to_string()),
            QueueName::Covers => FailedCover::from_json(body)
                .map(|_| Self::Cover)
                .map_err(|error| error.to_string()),
        }
    }

    /// The order whose row decides the outcome.
    fn order_id(&self) -> Option<OrderId> {
        match self {
            Self::Order(message) => Some(message.order_id),
            Self::Cancellation(order_id) => Some(*order_id),
            Self::Event(event) => Some(event.order_id()),
            Self::Email | Self::Cover => None,
        }
    }
}

/// Predicts the outcome for each body. The rows of all of them are read by one call.
pub(super) async fn predict_outcomes(
    queue: QueueName,
    bodies: &[&str],
    table: &OrdersTable,
) -> anyhow::Result<Vec<ReplayOutcome>> {
    let messages: Vec<Result<ValidMessage, String>> = bodies
        .iter()
        .map(|body| ValidMessage::parse(queue, body))
        .collect();
    let ids: Vec<OrderId> = messages
        .iter()
        .flatten()
        .filter_map(ValidMessage::order_id)
        .collect();
    let rows = if ids.is_empty() {
        Rows::new()
    } else {
        table.read_rows(&ids).await?
    };
    let now = Timestamp::new(OffsetDateTime::now_utc());
    let is_too_late = |accepted_at| table.retention().is_over(accepted_at, now);
    Ok(messages
        .into_iter()
        .map(|message| predict(message, &rows, is_too_late))
        .collect())
}

fn predict(
    message: Result<ValidMessage, String>,
    rows: &Rows,
    is_too_late: impl Fn(Timestamp) -> bool,
) -> ReplayOutcome {
    let message = match message {
        Ok(message) => message,
        Err(reason) => return ReplayOutcome::Invalid(reason),
    };
    let row = match message.order_id().and_then(|id| rows.get(&id)) {
        None => None,
        Some(Ok(Stored::Order(row))) => Some(&**row),
        Some(Ok(Stored::Erased(_))) => return ReplayOutcome::Erased,
        Some(Err(error)) => return ReplayOutcome::UnreadableRow(error.to_string()),
    };
    match (message, row) {
        (ValidMessage::Email, _) => ReplayOutcome::EmailAgain,
        (ValidMessage::Cover, _) => ReplayOutcome::ResizeAgain,
        (ValidMessage::Order(message), None) if is_too_late(message.accepted_at) => ReplayOutcome::Expired,
        (ValidMessage::Order(_), None) => ReplayOutcome::Store,
        (ValidMessage::Event(_) | ValidMessage::Cancellation(_), None) => ReplayOutcome::OrderNotStored,
        (ValidMessage::Cancellation(_), Some(row)) if row.cancellation.is_some() => {
            ReplayOutcome::PublishAgain
        }
        (ValidMessage::Cancellation(_), Some(_)) => ReplayOutcome::Cancel,
        (ValidMessage::Order(message), Some(row)) if row.fingerprint.matches(&message.order) => {
            ReplayOutcome::PublishAgain
        }
        (ValidMessage::Order(message), Some(row)) => ReplayOutcome::Conflict {
            differs: find_differences(row, &message),
        },
        (ValidMessage::Event(event), Some(row)) => predict_event(event.event_type(), row),
    }
}

/// The outcome for an event of a stored order.
fn predict_event(event_type: EventType, row: &OrderRow) -> ReplayOutcome {
    let sent = match (event_type, &row.cancellation) {
        (EventType::Confirmed, Some(_)) => return ReplayOutcome::Cancelled,
        (EventType::Confirmed, None) => row.notification.as_ref(),
        // The event comes from a cancelled row.
        (EventType::Cancelled, None) => return ReplayOutcome::OrderNotStored,
        (EventType::Cancelled, Some(cancellation)) => cancellation.notification.as_ref(),
    };
    sent.map_or(ReplayOutcome::SendEmail, |sent| ReplayOutcome::AlreadyNotified {
        notified_at: sent.notified_at.to_string(),
    })
}

/// JSON pointers to the fields in which the stored order and the message's differ. They hold no values, which may be
/// personal data.
fn find_differences(row: &OrderRow, message: &OrderMessage) -> Vec<String> {
    let [stored, other] = [&row.order, &message.order].map(|order| {
        let mut leaves = BTreeMap::new();
        // An order can always be serialized.
        collect_leaves(
            &serde_json::to_value(order).unwrap_or(Value::Null),
            String::new(),
            &mut leaves,
        );
        leaves
    });
    let pointers = stored
        .keys()
        .chain(other.keys().filter(|pointer| !stored.contains_key(*pointer)));
    pointers
        .filter(|pointer| stored.get(*pointer) != other.get(*pointer))
        .cloned()
        .collect()
}

fn collect_leaves(value: &Value, pointer: String, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                collect_leaves(value, format!("{pointer}/{index}"), leaves);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                collect_leaves(value, format!("{pointer}/{name}"), leaves);
            }
        }
        leaf => {
            leaves.insert(pointer, leaf.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = include_str!("../../order-core/golden/message-v1.json");
    const EVENT: &str = include_str!("../../order-core/golden/event-v1.json");

    fn message() -> OrderMessage {
        OrderMessage::from_json(MESSAGE).unwrap()
    }

    fn row(message: OrderMessage) -> OrderRow {
        OrderRow::confirmed(message, "2026-11-23T09:35:01.000Z".parse().unwrap())
    }

    fn predicted(queue: QueueName, body: &str, row: Option<OrderRow>) -> ReplayOutcome {
        let rows = row
            .into_iter()
            .map(|row| (row.order_id, Ok(Stored::Order(Box::new(row)))))
            .collect();
        predict(ValidMessage::parse(queue, body), &rows, |_| false)
    }

    #[test]
    fn nothing_happens_to_an_erased_order() {
        let order_id = message().order_id;
        let tombstone = order_table::Tombstone {
            order_id,
            erased_at: "2026-11-29T12:00:00.000Z".parse().unwrap(),
            erasing: None,
        };
        let rows = Rows::from([(order_id, Ok(Stored::Erased(tombstone)))]);
        for (queue, body) in [(QueueName::Orders, MESSAGE), (QueueName::Notifications, EVENT)] {
            let outcome = predict(ValidMessage::parse(queue, body), &rows, |_| true);
            assert_eq!((&outcome, outcome.is_success()), (&ReplayOutcome::Erased, true));
        }
    }

    #[test]
    fn an_order_that_is_not_stored_is_too_old_once_its_row_may_be_deleted() {
        let predicted = |row: Option<OrderRow>| {
            let rows = row.map(|row| (row.order_id, Ok(Stored::Order(Box::new(row)))));
            let parsed = ValidMessage::parse(QueueName::Orders, MESSAGE);
            predict(parsed, &rows.into_iter().collect(), |at| {
                at == message().accepted_at
            })
        };
        assert_eq!(predicted(None), ReplayOutcome::Expired);
        assert!(!ReplayOutcome::Expired.is_success());
        assert_eq!(predicted(Some(row(message()))), ReplayOutcome::PublishAgain);
    }

    #[test]
    fn an_order_is_stored_published_again_or_in_conflict() {
        let predicted = |body: &str, row| predicted(QueueName::Orders, body, row);
        assert_eq!(predicted(MESSAGE, None), ReplayOutcome::Store);
        assert_eq!(
            predicted(MESSAGE, Some(row(message()))),
            ReplayOutcome::PublishAgain
        );
        assert!(matches!(predicted("{", None), ReplayOutcome::Invalid(_)));

        let mut document = serde_json::to_value(&message().order).unwrap();
        document["note"] = "other".into();
        document["customer"]["id"] = "someone-else".into();
        let other = order_core::Order::restore(&document).unwrap();
        let other = row(OrderMessage::new(
            message().order_id,
            message().accepted_at,
            other,
        ));
        let ReplayOutcome::Conflict { differs } = predicted(MESSAGE, Some(other)) else {
            panic!("no conflict")
        };
        assert_eq!(differs, ["/customer/id", "/note"]);
    }

    #[test]
    fn an_event_sends_an_email_or_was_notified_already() {
        let predicted = |row| predicted(QueueName::Notifications, EVENT, row);
        assert_eq!(predicted(None), ReplayOutcome::OrderNotStored);
        let mut stored = row(message());
        assert_eq!(predicted(Some(stored.clone())), ReplayOutcome::SendEmail);
        stored.notification = Some(order_table::Notification {
            id: "n-1".to_owned(),
            notified_at: "2026-11-23T09:35:02.000Z".parse().unwrap(),
        });
        assert_eq!(
            predicted(Some(stored)),
            ReplayOutcome::AlreadyNotified {
                notified_at: "2026-11-23T09:35:02.000Z".to_owned()
            }
        );
    }

    #[test]
    fn a_cancellation_cancels_a_stored_order_once() {
        let cancellation = include_str!("../../order-core/golden/message-v3.json");
        let event = include_str!("../../order-core/golden/event-cancelled-v1.json");
        let stored = row(message());
        let mut cancelled = stored.clone();
        cancelled.cancellation = Some(order_table::Cancellation {
            cancelled_at: "2026-11-23T10:00:01.000Z".parse().unwrap(),
            notification: None,
        });
        let outcomes = |body, queue| {
            [None, Some(stored.clone()), Some(cancelled.clone())]
                .map(|row| predicted(queue, body, row).code())
        };
        assert_eq!(
            outcomes(cancellation, QueueName::Orders),
            ["order_not_stored", "cancel", "publish_again"]
        );
        assert_eq!(
            outcomes(event, QueueName::Notifications),
            ["order_not_stored", "order_not_stored", "send_email"]
        );
        assert_eq!(
            outcomes(EVENT, QueueName::Notifications),
            ["order_not_stored", "send_email", "cancelled"]
        );
    }

    #[test]
    fn an_email_is_sent_again_to_everybody() {
        let email = r#"{"Type":"Notification","MessageId":"m","Subject":"s","Message":"text"}"#;
        assert_eq!(
            predicted(QueueName::Emails, email, None),
            ReplayOutcome::EmailAgain
        );
        let other = predicted(QueueName::Emails, "poison", None);
        assert!(matches!(other, ReplayOutcome::Invalid(_)), "{other:?}");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_an_outcome() {
        let error = order_table::RowError {
            attribute: "total",
            reason: "is missing".to_owned(),
        };
        let rows = Rows::from([(message().order_id, Err(error))]);
        let outcome = predict(ValidMessage::parse(QueueName::Orders, MESSAGE), &rows, |_| true);
        assert_eq!(
            outcome,
            ReplayOutcome::UnreadableRow("attribute total: is missing".to_owned())
        );
    }
}
