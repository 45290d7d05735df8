//! Reads back the orders that an email names.

use std::collections::BTreeSet;

use notifier::email::Email;
use order_core::{EventType, OrderId};

/// The facts that an email states.
pub(crate) struct EmailContents {
    pub(super) notification_id: String,
    /// The event of the orders that the email tells.
    pub(super) about: EventType,
    /// The orders that the email names.
    pub(super) orders: BTreeSet<OrderId>,
}

/// Parses an email. Returns `None` if it does not name as many orders as it says that it covers.
pub(super) fn parse_email(email: &Email) -> Option<EmailContents> {
    let (text, footer) = email.body.rsplit_once("--\nNotification ")?;
    let (id, covers) = footer.split_once(" covers ")?;
    let orders: BTreeSet<OrderId> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let covers: usize = covers.split(' ').next()?.parse().ok()?;
    (covers == orders.len() && !orders.is_empty()).then(|| EmailContents {
        notification_id: id.to_owned(),
        about: if email.subject.contains("cancelled") {
            EventType::Cancelled
        } else {
            EventType::Confirmed
        },
        orders,
    })
}
