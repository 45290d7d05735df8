//! What would become of a message now: the judgement of the code that this program was built with.

use std::collections::BTreeMap;
use std::fmt;

use order_core::{OrderConfirmed, OrderId, OrderMessage, OrderRow};
use serde_json::Value;

use crate::orders_table::{OrdersTable, Rows};
use crate::queue::QueueName;

/// What would become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Prospect {
    /// It cannot be read, and would come back.
    Unreadable(String),
    /// The order would be stored and published.
    New,
    /// The order is stored already: it would be published again.
    Stored,
    /// Another order is stored under its id: it would come back.
    Conflict {
        /// JSON pointers to what differs.
        differs: Vec<String>,
    },
    /// The event's order is stored and nobody was told of it: an email would be sent.
    Untold,
    /// An email was sent already: nothing would happen.
    Told {
        /// When.
        notified_at: String,
    },
    /// The event's order is not stored: it would come back.
    NoRow,
    /// The stored row cannot be read.
    BadRow(String),
}

impl Prospect {
    /// Whether the message would be processed.
    pub(super) fn is_good(&self) -> bool {
        matches!(self, Self::New | Self::Stored | Self::Untold | Self::Told { .. })
    }

    /// In a word, for a summary.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "would fail: not valid",
            Self::New => "would be stored",
            Self::Stored => "is stored, would be published again",
            Self::Conflict { .. } => "would fail: conflict",
            Self::Untold => "would be emailed",
            Self::Told { .. } => "was emailed, nothing would happen",
            Self::NoRow => "would fail: order not stored",
            Self::BadRow(_) => "would fail: stored row not readable",
        }
    }
}

impl fmt::Display for Prospect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(formatter, "not valid: {reason}\nreplaying it as it is brings it back"),
            Self::New => formatter.write_str("valid\nnot stored: replaying stores and publishes it"),
            Self::Stored => formatter.write_str(
                "valid\nalready stored, the same order: replaying publishes its event again and changes nothing else",
            ),
            Self::Conflict { differs } => write!(
                formatter,
                "valid\nanother order is stored under this id; different: {}\nreplaying it as it is brings it back",
                differs.join(", ")
            ),
            Self::Untold => formatter.write_str("valid\nits order is stored, and no email was sent: replaying sends one"),
            Self::Told { notified_at } => write!(
                formatter,
                "valid\nan email was sent at {notified_at}: replaying changes nothing"
            ),
            Self::NoRow => formatter.write_str("valid\nits order is not stored: replay the order first, if it is a dead letter"),
            Self::BadRow(reason) => write!(formatter, "valid\nthe stored row cannot be read: {reason}"),
        }
    }
}

/// A message that can be read.
#[derive(Debug)]
enum Readable {
    Order(Box<OrderMessage>),
    Event(Box<OrderConfirmed>),
}

impl Readable {
    fn read(queue: QueueName, body: &str) -> Result<Self, String> {
        match queue {
            QueueName::Orders => OrderMessage::from_json(body)
                .map(|message| Self::Order(Box::new(message)))
                .map_err(|error| error.to_string()),
            QueueName::Notifications => OrderConfirmed::from_json(body)
                .map(|event| Self::Event(Box::new(event)))
                .map_err(|error| error.to_string()),
        }
    }

    fn order_id(&self) -> OrderId {
        match self {
            Self::Order(message) => message.order_id,
            Self::Event(event) => event.order_id,
        }
    }
}

/// What would become of each of these bodies, by one look at the table.
pub(super) async fn prospects(
    queue: QueueName,
    bodies: &[&str],
    table: &OrdersTable,
) -> anyhow::Result<Vec<Prospect>> {
    let read: Vec<Result<Readable, String>> = bodies.iter().map(|body| Readable::read(queue, body)).collect();
    let ids: Vec<OrderId> = read.iter().flatten().map(Readable::order_id).collect();
    let rows = if ids.is_empty() {
        Rows::new()
    } else {
        table.rows(&ids).await?
    };
    Ok(read.into_iter().map(|readable| judge(readable, &rows)).collect())
}

fn judge(readable: Result<Readable, String>, rows: &Rows) -> Prospect {
    let readable = match readable {
        Ok(readable) => readable,
        Err(reason) => return Prospect::Unreadable(reason),
    };
    let row = match rows.get(&readable.order_id()) {
        None => None,
        Some(Ok(row)) => Some(row),
        Some(Err(error)) => return Prospect::BadRow(error.to_string()),
    };
    match (readable, row) {
        (Readable::Order(_), None) => Prospect::New,
        (Readable::Event(_), None) => Prospect::NoRow,
        (Readable::Order(message), Some(row)) if row.fingerprint.matches(&message.order) => Prospect::Stored,
        (Readable::Order(message), Some(row)) => Prospect::Conflict {
            differs: differences(row, &message),
        },
        (
            Readable::Event(_),
            Some(OrderRow {
                notification: Some(sent),
                ..
            }),
        ) => Prospect::Told {
            notified_at: sent.notified_at.to_string(),
        },
        (Readable::Event(_), Some(_)) => Prospect::Untold,
    }
}

/// Pointers to what differs between the stored order and the message's, never the values.
fn differences(row: &OrderRow, message: &OrderMessage) -> Vec<String> {
    let [stored, other] = [&row.order, &message.order].map(|order| {
        let mut leaves = BTreeMap::new();
        // An order can always be written as JSON.
        leaves_of(
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

fn leaves_of(value: &Value, pointer: String, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                leaves_of(value, format!("{pointer}/{index}"), leaves);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves_of(value, format!("{pointer}/{name}"), leaves);
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

    fn judged(queue: QueueName, body: &str, row: Option<OrderRow>) -> Prospect {
        let rows = row.into_iter().map(|row| (row.order_id, Ok(row))).collect();
        judge(Readable::read(queue, body), &rows)
    }

    #[test]
    fn an_order_is_new_stored_or_in_conflict() {
        let judged = |body: &str, row| judged(QueueName::Orders, body, row);
        assert_eq!(judged(MESSAGE, None), Prospect::New);
        assert_eq!(judged(MESSAGE, Some(row(message()))), Prospect::Stored);
        assert!(matches!(judged("{", None), Prospect::Unreadable(_)));

        let mut document = serde_json::to_value(&message().order).unwrap();
        document["note"] = "other".into();
        document["customer"]["id"] = "someone-else".into();
        let other = order_core::Order::parse(&document).unwrap();
        let other = row(OrderMessage::new(
            message().order_id,
            message().accepted_at,
            other,
        ));
        let Prospect::Conflict { differs } = judged(MESSAGE, Some(other)) else {
            panic!("no conflict")
        };
        assert_eq!(differs, ["/customer/id", "/note"]);
    }

    #[test]
    fn an_event_waits_for_its_email_or_had_it() {
        let judged = |row| judged(QueueName::Notifications, EVENT, row);
        assert_eq!(judged(None), Prospect::NoRow);
        let mut stored = row(message());
        assert_eq!(judged(Some(stored.clone())), Prospect::Untold);
        stored.notification = Some(order_core::row::Notification {
            id: "n-1".to_owned(),
            notified_at: "2026-11-23T09:35:02.000Z".parse().unwrap(),
        });
        assert_eq!(
            judged(Some(stored)),
            Prospect::Told {
                notified_at: "2026-11-23T09:35:02.000Z".to_owned()
            }
        );
    }

    #[test]
    fn a_row_that_cannot_be_read_is_told() {
        let error = order_core::row::RowError {
            attribute: "total",
            reason: "is missing".to_owned(),
        };
        let rows = Rows::from([(message().order_id, Err(error))]);
        let prospect = judge(Readable::read(QueueName::Orders, MESSAGE), &rows);
        assert_eq!(
            prospect,
            Prospect::BadRow("attribute total: is missing".to_owned())
        );
    }
}
