//! The order's row: which attributes the table holds, independent of any SDK.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fingerprint::Fingerprint;
use crate::id::OrderId;
use crate::message::OrderMessage;
use crate::order::Order;
use crate::timestamp::Timestamp;

/// The names of the row's attributes.
pub mod attribute {
    /// The partition key.
    pub const ORDER_ID: &str = "order_id";
    /// A number; which rules the row was written by.
    pub const SCHEMA_VERSION: &str = "schema_version";
    /// `confirmed` or `notified`.
    pub const STATUS: &str = "status";
    /// The order's fingerprint.
    pub const FINGERPRINT: &str = "fingerprint";
    /// The customer's id, the index's partition key.
    pub const CUSTOMER_ID: &str = "customer_id";
    /// The customer's email address, if known.
    pub const CUSTOMER_EMAIL: &str = "customer_email";
    /// The customer's name, if known.
    pub const CUSTOMER_NAME: &str = "customer_name";
    /// The ISO 4217 code.
    pub const CURRENCY: &str = "currency";
    /// A list of maps of `sku`, `name`, `quantity` (a number) and `unit_price` (a decimal string).
    pub const ITEMS: &str = "items";
    /// A decimal string.
    pub const TOTAL: &str = "total";
    /// What the customer wrote.
    pub const NOTE: &str = "note";
    /// When the API accepted the order; the index's sort key.
    pub const ACCEPTED_AT: &str = "accepted_at";
    /// When the row was made.
    pub const CONFIRMED_AT: &str = "confirmed_at";
    /// When an email that covers the order was handed to the topic.
    pub const NOTIFIED_AT: &str = "notified_at";
    /// Which email that was.
    pub const NOTIFICATION_ID: &str = "notification_id";
}

/// The index of a customer's orders: partition key [`attribute::CUSTOMER_ID`], sort key [`attribute::ACCEPTED_AT`], every
/// attribute projected. Like every global secondary index it follows the table a moment later.
pub const BY_CUSTOMER_INDEX: &str = "by_customer";

/// One stored order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order's id.
    pub order_id: OrderId,
    /// The fingerprint that every further copy is judged by.
    pub fingerprint: Fingerprint,
    /// What was accepted.
    pub order: Order,
    /// When the API accepted it.
    pub accepted_at: Timestamp,
    /// When the row was made.
    pub confirmed_at: Timestamp,
    /// The email that told of it, once there was one.
    pub notification: Option<Notification>,
}

/// The mark that an email was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The email's id, which it also prints.
    pub id: String,
    /// When it was handed to the topic.
    pub notified_at: Timestamp,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// It is stored.
    Confirmed,
    /// It is stored, and an email that covers it was sent.
    Notified,
}

impl OrderStatus {
    /// As the table and the API spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Notified => "notified",
        }
    }
}

/// A row whose attributes do not make an order. Names the attribute, never its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("attribute {attribute}: {reason}")]
pub struct RowError {
    /// Which attribute.
    pub attribute: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// A row's attributes in the neutral form that adapters translate: JSON strings are `S`, numbers `N`, arrays `L`,
/// objects `M`.
pub type Attributes = BTreeMap<String, Value>;

const VERSION: u64 = 1;

impl OrderRow {
    /// The row of an order that is being confirmed.
    #[must_use]
    pub fn confirmed(message: OrderMessage, confirmed_at: Timestamp) -> Self {
        let OrderMessage {
            order_id,
            fingerprint,
            accepted_at,
            order,
        } = message;
        Self {
            order_id,
            fingerprint,
            order,
            accepted_at,
            confirmed_at,
            notification: None,
        }
    }

    /// How far the order has come.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        if self.notification.is_some() {
            OrderStatus::Notified
        } else {
            OrderStatus::Confirmed
        }
    }

    /// The row's attributes; optional ones only where they are set.
    #[must_use]
    pub fn to_attributes(&self) -> Attributes {
        let order = &self.order;
        let customer = order.customer();
        let required = [
            (attribute::ORDER_ID, json!(self.order_id)),
            (attribute::SCHEMA_VERSION, json!(VERSION)),
            (attribute::STATUS, json!(self.status().as_str())),
            (attribute::FINGERPRINT, json!(self.fingerprint.to_string())),
            (attribute::CUSTOMER_ID, json!(customer.id.as_str())),
            (attribute::CURRENCY, json!(order.currency().code())),
            (attribute::ITEMS, json!(order.items())),
            (attribute::TOTAL, json!(order.total().decimal())),
            (attribute::ACCEPTED_AT, json!(self.accepted_at)),
            (attribute::CONFIRMED_AT, json!(self.confirmed_at)),
        ];
        let optional = [
            (
                attribute::CUSTOMER_EMAIL,
                customer.email.as_ref().map(|email| json!(email.as_str())),
            ),
            (
                attribute::CUSTOMER_NAME,
                customer.name.as_ref().map(|name| json!(name.as_str())),
            ),
            (attribute::NOTE, order.note().map(|note| json!(note.as_str()))),
            (
                attribute::NOTIFIED_AT,
                self.notification.as_ref().map(|sent| json!(sent.notified_at)),
            ),
            (
                attribute::NOTIFICATION_ID,
                self.notification.as_ref().map(|sent| json!(sent.id)),
            ),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        required
            .into_iter()
            .chain(optional)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Reads a row back. Attributes that this version does not know are left alone.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, RowError> {
        match attributes.get(attribute::SCHEMA_VERSION).and_then(Value::as_u64) {
            Some(VERSION) => {}
            _ => {
                return Err(row_error(
                    attribute::SCHEMA_VERSION,
                    "is not a version that this code reads",
                ));
            }
        }
        let order_id = parsed(attributes, attribute::ORDER_ID)?;
        let fingerprint = parsed(attributes, attribute::FINGERPRINT)?;
        let accepted_at = parsed(attributes, attribute::ACCEPTED_AT)?;
        let confirmed_at = parsed(attributes, attribute::CONFIRMED_AT)?;
        let notification = match attributes.get(attribute::NOTIFIED_AT) {
            None => None,
            Some(_) => Some(Notification {
                id: text(attributes, attribute::NOTIFICATION_ID)?.to_owned(),
                notified_at: parsed(attributes, attribute::NOTIFIED_AT)?,
            }),
        };
        let order = order(attributes)?;
        Ok(Self {
            order_id,
            fingerprint,
            order,
            accepted_at,
            confirmed_at,
            notification,
        })
    }
}

/// The order's attributes, put back into the order's own JSON form, so that one parser decides what an order is.
fn order(attributes: &Attributes) -> Result<Order, RowError> {
    let field = |name: &str| attributes.get(name).cloned();
    let object = |fields: Vec<(&str, Option<Value>)>| {
        Value::Object(
            fields
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
        )
    };
    let customer = object(vec![
        ("id", field(attribute::CUSTOMER_ID)),
        ("email", field(attribute::CUSTOMER_EMAIL)),
        ("name", field(attribute::CUSTOMER_NAME)),
    ]);
    let document = object(vec![
        ("customer", Some(customer)),
        ("currency", field(attribute::CURRENCY)),
        ("items", field(attribute::ITEMS)),
        ("total", field(attribute::TOTAL)),
        ("note", field(attribute::NOTE)),
    ]);
    Order::parse(&document).map_err(|violations| row_error("order", violations.to_string()))
}

fn text<'a>(attributes: &'a Attributes, name: &'static str) -> Result<&'a str, RowError> {
    attributes
        .get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| row_error(name, "is missing or not a string"))
}

fn parsed<T: std::str::FromStr<Err: ToString>>(
    attributes: &Attributes,
    name: &'static str,
) -> Result<T, RowError> {
    text(attributes, name)?
        .parse()
        .map_err(|error: T::Err| row_error(name, error.to_string()))
}

fn row_error(attribute: &'static str, reason: impl Into<String>) -> RowError {
    RowError {
        attribute,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> OrderRow {
        let message = OrderMessage::from_json(include_str!("../golden/message-v1.json")).unwrap();
        OrderRow::confirmed(message, "2026-11-23T09:35:01.000Z".parse().unwrap())
    }

    #[test]
    fn a_row_of_version_1_is_read_for_ever() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/row-v1.json")).unwrap();
        assert_eq!(OrderRow::from_attributes(&golden), Ok(row()));
        assert_eq!(row().to_attributes(), golden);
    }

    #[test]
    fn the_mark_is_read_back() {
        let mut row = row();
        assert_eq!(row.status(), OrderStatus::Confirmed);
        let notified_at = "2026-11-23T09:35:02.000Z".parse().unwrap();
        row.notification = Some(Notification {
            id: "n-1".into(),
            notified_at,
        });
        assert_eq!(row.status(), OrderStatus::Notified);
        assert_eq!(OrderRow::from_attributes(&row.to_attributes()), Ok(row));
    }

    #[test]
    fn a_damaged_row_names_the_attribute() {
        for (name, _) in row().to_attributes() {
            let mut damaged = row().to_attributes();
            damaged.insert(name.clone(), Value::Bool(true));
            // The status follows from the marks.
            assert_eq!(
                OrderRow::from_attributes(&damaged).is_err(),
                name != attribute::STATUS,
                "{name}"
            );
        }
    }
}
