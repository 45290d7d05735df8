//! The emails to the shop, in plain text.
//!
//! **Invariant:** a customer's text reaches an email's body only through [`customer_text::shown`] or, for the address,
//! [`address::shown`], and never reaches its subject.

pub mod address;
pub mod customer_text;
pub mod digest;
pub mod order;

use order_core::{EventType, Trace};

/// An email: the `Subject` and `Message` of a publish to SNS.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// ASCII, under 100 characters, no line breaks.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// The trace of the order, if the email is about one order and its trace is known. A digest has none: each of its orders has its own.
    pub trace: Option<Trace>,
}

/// The last line of every email. Its id is in the rows of the orders that it covers.
#[must_use]
fn footer(notification_id: &str, orders: usize) -> String {
    format!(
        "--\nNotification {notification_id} covers {}.\n",
        counted(orders, "order")
    )
}

/// The word of an email for events of this type.
#[must_use]
const fn verb(about: EventType) -> &'static str {
    match about {
        EventType::Confirmed => "confirmed",
        EventType::Cancelled => "cancelled",
    }
}

/// `1 order`, `2 orders`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
