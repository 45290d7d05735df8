//! A stored order: from its attributes and to them.

use order_core::order::MetadataDocument;
use order_core::{
    EventType, Fingerprint, Item, Order, OrderCancelled, OrderConfirmed, OrderEvent, OrderId, OrderMessage,
    Trace,
};
use serde_json::{Map, Value, json};
use timestamp::Timestamp;

use crate::attributes::{Attributes, RowError, parsed, text};
use crate::layout::attribute;
use crate::retention::Retention;

/// One stored order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The order's id.
    pub order_id: OrderId,
    /// The fingerprint that every further copy of the order is compared with.
    pub fingerprint: Fingerprint,
    /// The order.
    pub order: Order,
    /// When the API accepted it.
    pub accepted_at: Timestamp,
    /// When the row was written.
    pub confirmed_at: Timestamp,
    /// The trace of the request that placed it, if that is known.
    pub trace: Option<Trace>,
    /// The email that the order is confirmed, if one was sent.
    pub notification: Option<Notification>,
    /// The order's cancellation, if it was cancelled.
    pub cancellation: Option<Cancellation>,
}

/// An order was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    /// When the row was marked as cancelled.
    pub cancelled_at: Timestamp,
    /// The email that the order was cancelled, if one was sent.
    pub notification: Option<Notification>,
}

/// Marks an order's email as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The email's id, which the email prints.
    pub id: String,
    /// When the email was published to the topic.
    pub notified_at: Timestamp,
}

/// The status of a stored order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStatus {
    /// The order is stored.
    Confirmed,
    /// The order is stored, and an email that covers it was sent.
    Notified,
    /// The order was cancelled, before or after an email about it.
    Cancelled,
}

impl OrderStatus {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::Confirmed, Self::Notified, Self::Cancelled];

    /// As the table and the API spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Notified => "notified",
            Self::Cancelled => "cancelled",
        }
    }
}

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
            trace: None,
            notification: None,
            cancellation: None,
        }
    }

    /// The row with a trace.
    #[must_use]
    pub fn with_trace(self, trace: Option<Trace>) -> Self {
        Self { trace, ..self }
    }

    /// The order's status.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        if self.cancellation.is_some() {
            OrderStatus::Cancelled
        } else if self.notification.is_some() {
            OrderStatus::Notified
        } else {
            OrderStatus::Confirmed
        }
    }

    /// The event of this type about the order. None that it is cancelled, unless it is. It comes from the row alone, so that an event
    /// that is published again is identical to the first.
    #[must_use]
    pub fn event(&self, event_type: EventType) -> Option<OrderEvent> {
        let confirmed = OrderConfirmed::from(self);
        match event_type {
            EventType::Confirmed => Some(OrderEvent::Confirmed(confirmed)),
            EventType::Cancelled => Some(OrderEvent::Cancelled(OrderCancelled {
                confirmed,
                cancelled_at: self.cancellation.as_ref()?.cancelled_at,
            })),
        }
    }

    /// The row's attributes; optional ones only where they are set.
    #[must_use]
    pub fn to_attributes(&self) -> Attributes {
        let order = &self.order;
        let customer = order.customer();
        let cancellation = self.cancellation.as_ref();
        let cancellation_email = cancellation.and_then(|cancellation| cancellation.notification.as_ref());
        let mut attributes = Attributes::new();
        let mut set = |name: &str, value: Value| {
            attributes.insert(name.to_owned(), value);
        };
        // The row has the version of a message with the order.
        let version = OrderMessage::schema_version(order);
        set(attribute::SCHEMA_VERSION, Value::from(version));
        set(attribute::ITEMS, order.items().iter().map(item).collect());
        if !order.metadata().is_empty() {
            set(attribute::METADATA, json!(MetadataDocument(order.metadata())));
        }
        let required = [
            (attribute::ORDER_ID, self.order_id.to_string()),
            (attribute::STATUS, self.status().as_str().to_owned()),
            (attribute::FINGERPRINT, self.fingerprint.to_string()),
            (attribute::CUSTOMER_ID, customer.id.as_str().to_owned()),
            (attribute::CURRENCY, order.currency().code().to_owned()),
            (attribute::TOTAL, order.total().decimal()),
            (attribute::ACCEPTED_AT, self.accepted_at.to_string()),
            (attribute::CONFIRMED_AT, self.confirmed_at.to_string()),
        ];
        let optional = [
            (
                attribute::CUSTOMER_EMAIL,
                customer.email.as_ref().map(|email| email.as_str().to_owned()),
            ),
            (
                attribute::CUSTOMER_NAME,
                customer.name.as_ref().map(|name| name.as_str().to_owned()),
            ),
            (attribute::NOTE, order.note().map(|note| note.as_str().to_owned())),
            (
                attribute::REFERENCE,
                order.reference().map(|reference| reference.as_str().to_owned()),
            ),
            (attribute::TRACEPARENT, self.trace.map(Trace::to_traceparent)),
            (
                attribute::NOTIFIED_AT,
                self.notification
                    .as_ref()
                    .map(|sent| sent.notified_at.to_string()),
            ),
            (
                attribute::NOTIFICATION_ID,
                self.notification.as_ref().map(|sent| sent.id.clone()),
            ),
            (
                attribute::CANCELLED_AT,
                cancellation.map(|cancellation| cancellation.cancelled_at.to_string()),
            ),
            (
                attribute::CANCELLATION_NOTIFIED_AT,
                cancellation_email.map(|sent| sent.notified_at.to_string()),
            ),
            (
                attribute::CANCELLATION_NOTIFICATION_ID,
                cancellation_email.map(|sent| sent.id.clone()),
            ),
        ];
        for (name, text) in required {
            set(name, Value::String(text));
        }
        for (name, text) in optional {
            if let Some(text) = text {
                set(name, Value::String(text));
            }
        }
        attributes
    }

    /// The attributes of a row that DynamoDB may delete when `retention` is over. No reader needs the time, and no later write changes it.
    #[must_use]
    pub fn to_expiring_attributes(&self, retention: Retention) -> Attributes {
        let mut attributes = self.to_attributes();
        if let Some(at) = retention.expires_at(self.accepted_at) {
            let seconds = at.as_offset_date_time().unix_timestamp();
            attributes.insert(attribute::EXPIRES_AT.to_owned(), json!(seconds));
        }
        attributes
    }

    /// Reads a row. Ignores attributes that this version does not know. The order passes no rule of acceptance again: its
    /// structure is checked, and its fingerprint.
    pub fn from_attributes(attributes: &Attributes) -> Result<Self, RowError> {
        match attributes.get(attribute::SCHEMA_VERSION).and_then(Value::as_u64) {
            Some(1 | 2) => {}
            _ => {
                return Err(RowError::new(
                    attribute::SCHEMA_VERSION,
                    "is not a version that this code reads",
                ));
            }
        }
        let order_id = parsed(attributes, attribute::ORDER_ID)?;
        let fingerprint: Fingerprint = parsed(attributes, attribute::FINGERPRINT)?;
        let accepted_at = parsed(attributes, attribute::ACCEPTED_AT)?;
        let confirmed_at = parsed(attributes, attribute::CONFIRMED_AT)?;
        let notification = notification(attributes, attribute::NOTIFIED_AT, attribute::NOTIFICATION_ID)?;
        let cancellation = match attributes.get(attribute::CANCELLED_AT) {
            None => None,
            Some(_) => Some(Cancellation {
                cancelled_at: parsed(attributes, attribute::CANCELLED_AT)?,
                notification: self::notification(
                    attributes,
                    attribute::CANCELLATION_NOTIFIED_AT,
                    attribute::CANCELLATION_NOTIFICATION_ID,
                )?,
            }),
        };
        let order = order(attributes)?;
        if !fingerprint.matches(&order) {
            return Err(RowError::new(
                attribute::FINGERPRINT,
                "is not that of the stored order",
            ));
        }
        // An order is read also if its trace is damaged.
        let trace = text(attributes, attribute::TRACEPARENT)
            .ok()
            .and_then(Trace::from_traceparent);
        Ok(Self {
            order_id,
            fingerprint,
            order,
            accepted_at,
            confirmed_at,
            trace,
            notification,
            cancellation,
        })
    }
}

/// The email whose time and id are in these attributes, if one was sent.
fn notification(
    attributes: &Attributes,
    notified_at: &'static str,
    id: &'static str,
) -> Result<Option<Notification>, RowError> {
    if !attributes.contains_key(notified_at) {
        return Ok(None);
    }
    Ok(Some(Notification {
        id: text(attributes, id)?.to_owned(),
        notified_at: parsed(attributes, notified_at)?,
    }))
}

/// An item of an order, as the row's list holds it: the form that an order's JSON has.
fn item(item: &Item) -> Value {
    let mut fields = Map::new();
    if let Some(name) = &item.name {
        fields.insert("name".to_owned(), Value::from(name.as_str()));
    }
    fields.insert("quantity".to_owned(), Value::from(item.quantity.get()));
    fields.insert("sku".to_owned(), Value::from(item.sku.as_str()));
    fields.insert("unit_price".to_owned(), Value::String(item.unit_price.decimal()));
    Value::Object(fields)
}

/// The order, read from its attributes in the order's own JSON form, so that one parser decides what an order is.
fn order(attributes: &Attributes) -> Result<Order, RowError> {
    let field = |name: &str| attributes.get(name).map(json_document::Value::from);
    let customer = json_document::Value::from_iter([
        ("id", field(attribute::CUSTOMER_ID)),
        ("email", field(attribute::CUSTOMER_EMAIL)),
        ("name", field(attribute::CUSTOMER_NAME)),
    ]);
    let document = json_document::Value::from_iter([
        ("customer", Some(customer)),
        ("currency", field(attribute::CURRENCY)),
        ("items", field(attribute::ITEMS)),
        ("total", field(attribute::TOTAL)),
        ("note", field(attribute::NOTE)),
        ("reference", field(attribute::REFERENCE)),
        ("metadata", field(attribute::METADATA)),
    ]);
    Order::restore(document).map_err(|violations| RowError::new("order", violations.to_string()))
}

/// The event comes from the row alone, so that an event that is published again is identical to the first.
impl From<&OrderRow> for OrderConfirmed {
    fn from(row: &OrderRow) -> Self {
        Self {
            order_id: row.order_id,
            accepted_at: row.accepted_at,
            confirmed_at: row.confirmed_at,
            order: row.order.clone(),
            trace: row.trace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> OrderRow {
        let message =
            OrderMessage::from_json(include_str!("../../order-core/golden/message-v1.json")).unwrap();
        OrderRow::confirmed(message, "2026-11-23T09:35:01.000Z".parse().unwrap())
    }

    #[test]
    fn a_row_of_version_1_is_read_for_ever() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/row-v1.json")).unwrap();
        assert_eq!(OrderRow::from_attributes(&golden), Ok(row()));
        assert_eq!(row().to_attributes(), golden);
    }

    #[test]
    fn a_notified_row_of_version_1_is_read_for_ever() {
        let golden: Attributes =
            serde_json::from_str(include_str!("../golden/row-v1-notified.json")).unwrap();
        let read = OrderRow::from_attributes(&golden).unwrap();
        assert_eq!(read.status(), OrderStatus::Notified);
        assert_eq!(read.to_attributes(), golden);
    }

    #[test]
    fn a_cancelled_row_of_version_1_is_read_for_ever() {
        let golden: Attributes =
            serde_json::from_str(include_str!("../golden/row-v1-cancelled.json")).unwrap();
        let read = OrderRow::from_attributes(&golden).unwrap();
        assert_eq!(read.status(), OrderStatus::Cancelled);
        assert_eq!(read.to_attributes(), golden);
        for (name, _) in golden.iter().filter(|(name, _)| name.starts_with("cancel")) {
            let mut damaged = golden.clone();
            damaged.insert(name.clone(), Value::Bool(true));
            assert_eq!(&OrderRow::from_attributes(&damaged).unwrap_err().attribute, name);
        }
    }

    #[test]
    fn the_event_of_a_cancellation_is_that_of_a_cancelled_row() {
        let golden: Attributes =
            serde_json::from_str(include_str!("../golden/row-v1-cancelled.json")).unwrap();
        let read = OrderRow::from_attributes(&golden).unwrap();
        let event = include_str!("../../order-core/golden/event-cancelled-v1.json");
        assert_eq!(
            read.event(EventType::Cancelled),
            OrderEvent::from_json(event).ok()
        );
        // The event that it is confirmed stays as it was.
        assert_eq!(
            read.event(EventType::Confirmed),
            row().event(EventType::Confirmed)
        );
        assert_eq!(row().event(EventType::Cancelled), None);
    }

    #[test]
    fn a_row_of_version_2_is_read_for_ever() {
        let golden: Attributes = serde_json::from_str(include_str!("../golden/row-v2.json")).unwrap();
        let read = OrderRow::from_attributes(&golden).unwrap();
        assert_eq!(read.to_attributes(), golden);
    }

    #[test]
    fn a_row_of_earlier_rules_is_read_whole() {
        let golden: Attributes =
            serde_json::from_str(include_str!("../golden/row-v1-earlier-rules.json")).unwrap();
        let read = OrderRow::from_attributes(&golden).unwrap();
        assert_eq!(
            (read.order.currency().code(), read.to_attributes()),
            ("HRK", golden)
        );
    }

    #[test]
    fn a_row_says_when_it_may_be_deleted_and_one_that_is_kept_for_ever_does_not() {
        let mut expiring = row().to_expiring_attributes("90".parse().unwrap());
        assert_eq!(OrderRow::from_attributes(&expiring), Ok(row()));
        let accepted_at = row().accepted_at.as_offset_date_time().unix_timestamp();
        assert_eq!(
            expiring.remove(attribute::EXPIRES_AT),
            Some(json!(accepted_at + 90 * 24 * 60 * 60))
        );
        assert_eq!(expiring, row().to_attributes());
        assert_eq!(row().to_expiring_attributes(Retention::FOREVER), expiring);
    }

    #[test]
    fn a_row_whose_content_was_changed_is_refused() {
        let mut changed = row().to_attributes();
        changed.insert(attribute::CUSTOMER_NAME.to_owned(), json!("Eve"));
        let error = OrderRow::from_attributes(&changed).unwrap_err();
        assert_eq!(error.attribute, attribute::FINGERPRINT);
    }

    #[test]
    fn a_trace_is_read_back_and_a_damaged_one_is_none() {
        let trace =
            Trace::from_xray("Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1");
        let row = row().with_trace(trace);
        let mut attributes = row.to_attributes();
        assert_eq!(
            attributes[attribute::TRACEPARENT],
            "00-67891233abcdef012345678912345678-463ac35c9f6413ad-01"
        );
        assert_eq!(OrderRow::from_attributes(&attributes), Ok(row.clone()));
        attributes.insert(attribute::TRACEPARENT.to_owned(), json!("none"));
        assert_eq!(OrderRow::from_attributes(&attributes), Ok(row.with_trace(None)));
    }

    #[test]
    fn a_notification_is_read_back() {
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
            // The status follows from the notification.
            assert_eq!(
                OrderRow::from_attributes(&damaged).is_err(),
                name != attribute::STATUS,
                "{name}"
            );
        }
    }
}
