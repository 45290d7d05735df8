//! What the shop reads: plain text, worded for people.
//!
//! **Invariant:** a customer's words reach an email only through [`customer_text::shown`] or, for the address,
//! [`address::shown`], and never its subject.

pub mod address;
pub mod customer_text;
pub mod digest;
pub mod order;

/// An email: what SNS takes as `Subject` and `Message`.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    /// ASCII, under 100 characters, no line breaks.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// The last line of every email, by which mail and rows can be joined.
#[must_use]
fn footer(notification_id: &str, orders: usize) -> String {
    format!(
        "--\nNotification {notification_id} covers {}.\n",
        counted(orders, "order")
    )
}

/// `1 order`, `2 orders`.
fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
