//! The mail that was delivered, and what each email covers.

use std::collections::BTreeSet;

use anyhow::Context;
use order_core::OrderId;
use reqwest::StatusCode;
use serde::Deserialize;

use crate::connection::{Connection, Target};

/// Emails of one request.
const PAGE: u32 = 1000;

/// One email in one inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Email {
    /// The inbox.
    pub(super) to: String,
    /// The id that the email prints.
    pub(super) notification_id: String,
    /// How many orders it says that it covers.
    pub(super) covers: usize,
    /// Those that it names; a long digest names the first ones.
    pub(super) listed: BTreeSet<OrderId>,
}

/// The mailbox's answer.
#[derive(Debug, Deserialize)]
struct Page {
    mail: Vec<Stored>,
    next: i64,
}

#[derive(Debug, Deserialize)]
struct Stored {
    kind: String,
    to: String,
    body: String,
}

/// Reads the whole mailbox; none where there is no mailbox to be read, as on AWS.
pub(super) async fn read(connection: &Connection) -> anyhow::Result<Option<Vec<Email>>> {
    if connection.target == Target::Aws {
        return Ok(None);
    }
    let client = connection.http()?;
    let url = format!("{}/_local/mail", connection.local_endpoint_url()?);
    let mut emails = Vec::new();
    let mut after = 0;
    loop {
        let response = client
            .get(format!("{url}?after={after}&limit={PAGE}&wait=0"))
            .send()
            .await;
        let response = response.context("the mailbox does not answer")?;
        if response.status() != StatusCode::OK {
            return Ok(None);
        }
        let body = response.bytes().await.context("the mailbox's answer broke off")?;
        let page: Page = serde_json::from_slice(&body).context("the mailbox's answer cannot be read")?;
        if page.mail.is_empty() {
            return Ok(Some(emails));
        }
        after = page.next;
        let notifications = page.mail.iter().filter(|mail| mail.kind == "notification");
        emails.extend(notifications.filter_map(|mail| parse(&mail.to, &mail.body)));
    }
}

/// Reads an email of the notifier; none if it is not one.
///
/// Only whole lines count, which a customer's words cannot make: they hold no line breaks.
fn parse(to: &str, body: &str) -> Option<Email> {
    let (text, footer) = body.trim_end().rsplit_once('\n')?;
    let (notification_id, covers) = footer.strip_prefix("Notification ")?.split_once(" covers ")?;
    let covers = covers.split(' ').next()?.parse().ok()?;
    let listed = text.lines().filter_map(order_of).collect();
    Some(Email {
        to: to.to_owned(),
        notification_id: notification_id.to_owned(),
        covers,
        listed,
    })
}

/// The order that a line names: `Order     ID` in the email of one, `  ID  TIME ...` in a digest.
fn order_of(line: &str) -> Option<OrderId> {
    let rest = line.strip_prefix("Order ").or_else(|| line.strip_prefix("  "))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use notifier::email::{digest, order};
    use order_core::OrderConfirmed;

    use super::*;

    fn event() -> OrderConfirmed {
        OrderConfirmed::from_json(include_str!("../../../order-core/golden/event-v1.json")).unwrap()
    }

    #[test]
    fn the_email_of_one_order_is_read() {
        let event = event();
        let email = parse("a@example.com", &order::email(&event, "n-1").body).unwrap();
        assert_eq!((email.notification_id.as_str(), email.covers), ("n-1", 1));
        assert_eq!(email.listed, BTreeSet::from([event.order_id]));
    }

    #[test]
    fn a_digest_is_read_with_those_that_it_does_not_name() {
        let event = event();
        let entry = digest::Entry::of(&event);
        let email = parse("a@example.com", &digest::email(&vec![&entry; 60], "n-2").body).unwrap();
        assert_eq!((email.notification_id.as_str(), email.covers), ("n-2", 60));
        assert_eq!(email.listed, BTreeSet::from([event.order_id]));
    }

    #[test]
    fn other_mail_is_left_alone() {
        for body in [
            "",
            "hello",
            "hello\nNotification x",
            "--\nNotification x covers all orders.",
        ] {
            assert_eq!(parse("a@example.com", body), None, "{body}");
        }
    }
}
