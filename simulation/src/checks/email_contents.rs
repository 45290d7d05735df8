//! Reads back the orders that an email covers.

use std::collections::BTreeSet;

use notifier::email::Email;
use order_core::OrderId;

/// The facts that an email states.
pub(super) struct EmailContents {
    pub(super) notification_id: String,
    /// The orders that the email lists.
    pub(super) orders: BTreeSet<OrderId>,
    /// How many orders the email covers: those that it lists, and those that it only counts.
    pub(super) covers: usize,
}

/// Parses an email. Returns `None` if its counts do not agree with its list.
pub(super) fn parse_email(email: &Email) -> Option<EmailContents> {
    let (text, footer) = email.body.rsplit_once("--\nNotification ")?;
    let (id, covers) = footer.split_once(" covers ")?;
    let orders: BTreeSet<OrderId> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let covers: usize = covers.split(' ').next()?.parse().ok()?;
    let others = covers.checked_sub(orders.len())?;
    let is_true = others == 0 || text.ends_with(&format!("  and {others} more\n\n"));
    (is_true && !orders.is_empty()).then(|| EmailContents {
        notification_id: id.to_owned(),
        orders,
        covers,
    })
}
