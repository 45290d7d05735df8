//! The delivered emails, and the orders that each covers.

use std::collections::BTreeSet;

use anyhow::Context;
use order_core::{EventType, OrderId};
use reqwest::StatusCode;
use serde::Deserialize;

use stack_client::{Connection, Target};

/// The emails of one request.
const PAGE: u32 = 1000;

/// The line of a digest in the place of an order that `orderctl erase` has erased.
const ERASED_LINE: &str = "  an erased order";

/// One email in one inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Email {
    /// The inbox.
    pub(super) to: String,
    /// Whether it says that orders are confirmed or that they are cancelled.
    pub(super) about: EventType,
    /// The notification id that the email prints.
    pub(super) notification_id: String,
    /// The number of orders that the email states, without those that were erased.
    pub(super) covers: usize,
    /// The orders that it names. A long digest names only the first ones.
    pub(super) listed: BTreeSet<OrderId>,
}

/// All delivered mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// The emails of notifier.
    pub(super) emails: Vec<Email>,
    /// Notifications that cannot be parsed.
    pub(super) unreadable: usize,
}

/// The answer of the mailbox.
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

/// Reads all mail; `None` on AWS, where the mail cannot be read.
pub(super) async fn read(connection: &Connection) -> anyhow::Result<Option<Mailbox>> {
    if connection.target() == Target::Aws {
        return Ok(None);
    }
    let url = format!("{}/_local/mail", connection.local_endpoint_url().await?);
    read_all(&connection.local_http(&url)?, &url).await.map(Some)
}

/// Reads all pages. An error is returned: it must not look like a system without mail.
async fn read_all(client: &reqwest::Client, url: &str) -> anyhow::Result<Mailbox> {
    let mut mailbox = Mailbox::default();
    let mut after = 0;
    loop {
        let response = client
            .get(format!("{url}?after={after}&limit={PAGE}&wait=0"))
            .send()
            .await;
        let response = response.context("the mailbox does not answer")?;
        anyhow::ensure!(
            response.status() == StatusCode::OK,
            "the mailbox cannot be read: {}",
            response.status()
        );
        let body = response
            .bytes()
            .await
            .context("the mailbox's answer was cut off")?;
        let page: Page = serde_json::from_slice(&body).context("the mailbox's answer cannot be read")?;
        if page.mail.is_empty() {
            return Ok(mailbox);
        }
        after = page.next;
        for mail in page.mail.iter().filter(|mail| mail.kind == "notification") {
            match parse_email(&mail.to, &mail.body) {
                Some(email) => mailbox.emails.push(email),
                None => mailbox.unreadable += 1,
            }
        }
    }
}

/// Parses an email of notifier; `None` if it is another email.
///
/// Only whole lines are parsed. A customer's text cannot make one, since it holds no line breaks.
fn parse_email(to: &str, body: &str) -> Option<Email> {
    let (text, footer) = body.trim_end().rsplit_once('\n')?;
    let (notification_id, covers) = footer.strip_prefix("Notification ")?.split_once(" covers ")?;
    let covers: usize = covers.split(' ').next()?.parse().ok()?;
    let erased = text.lines().filter(|line| *line == ERASED_LINE).count();
    let listed = text.lines().filter_map(parse_order_line).collect();
    Some(Email {
        to: to.to_owned(),
        about: parse_type(text.lines().next()?),
        notification_id: notification_id.to_owned(),
        covers: covers.saturating_sub(erased),
        listed,
    })
}

/// The type of the events of an email, by its first line: `Order 00000001 is cancelled: 2 items, EUR 29.95.`, or `2 orders cancelled.` in a digest. It holds no text
/// of a customer.
fn parse_type(line: &str) -> EventType {
    if line.contains(" is cancelled: ") || line.ends_with(" cancelled.") {
        EventType::Cancelled
    } else {
        EventType::Confirmed
    }
}

/// The order that a line names: `Order     ID` in the email of one, `  ID  TIME ...` in a digest.
fn parse_order_line(line: &str) -> Option<OrderId> {
    let rest = line.strip_prefix("Order ").or_else(|| line.strip_prefix("  "))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use notifier::email::{digest, order};
    use order_core::{OrderCancelled, OrderConfirmed, OrderEvent};
    use serde_json::json;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    use super::*;

    fn event() -> OrderConfirmed {
        OrderConfirmed::from_json(include_str!("../../../order-core/golden/event-v1.json")).unwrap()
    }

    #[test]
    fn the_email_of_one_order_is_read() {
        let event = event();
        let cancelled = OrderEvent::Cancelled(OrderCancelled {
            cancelled_at: event.confirmed_at,
            confirmed: event.clone(),
        });
        for of_one in [OrderEvent::Confirmed(event.clone()), cancelled] {
            let email = parse_email("a@example.com", &order::email(&of_one, "n-1").body).unwrap();
            assert_eq!((email.notification_id.as_str(), email.covers), ("n-1", 1));
            assert_eq!(email.listed, BTreeSet::from([event.order_id]));
            assert_eq!(email.about, of_one.event_type());
        }
    }

    #[test]
    fn a_digest_names_all_its_orders() {
        let events: Vec<OrderConfirmed> = (0..60)
            .map(|number| OrderConfirmed {
                order_id: OrderId::new(uuid::Uuid::from_u128(number)),
                ..event()
            })
            .collect();
        let items: Vec<_> = events.iter().map(digest::DigestItem::new).collect();
        for about in [EventType::Confirmed, EventType::Cancelled] {
            let body = digest::email(&items.iter().collect::<Vec<_>>(), about, "n-2").body;
            let email = parse_email("a@example.com", &body).unwrap();
            assert_eq!((email.notification_id.as_str(), email.covers), ("n-2", 60));
            assert_eq!(email.listed, events.iter().map(|event| event.order_id).collect());
            assert_eq!(email.about, about);
        }
    }

    #[test]
    fn an_erased_order_is_not_covered() {
        let id = event().order_id;
        let body =
            format!("Orders\n  an erased order\n  {id}  EUR 3.00\n\n--\nNotification n-4 covers 2 orders.\n");
        let email = parse_email("a@example.com", &body).unwrap();
        assert_eq!((email.covers, email.listed), (1, BTreeSet::from([id])));
    }

    /// An email of an earlier version, which named 50 orders.
    #[test]
    fn a_digest_may_cover_more_orders_than_it_names() {
        let id = event().order_id;
        let body = format!(
            "Orders\n  {id}  2026-11-23 09:35:00 UTC\n  and 2 more\n\n--\nNotification n-3 covers 3 orders.\n"
        );
        let email = parse_email("a@example.com", &body).unwrap();
        assert_eq!((email.covers, email.listed), (3, BTreeSet::from([id])));
    }

    /// Answers the first request with this body, and the second one with an empty page.
    async fn mailbox(status: &'static str, body: String) -> anyhow::Result<Mailbox> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            for (status, body) in [(status, body), ("200 OK", r#"{"mail":[],"next":1}"#.to_owned())] {
                let (mut connection, _) = listener.accept().await.unwrap();
                let mut request = BufReader::new(&mut connection).lines();
                while request
                    .next_line()
                    .await
                    .unwrap()
                    .is_some_and(|line| !line.is_empty())
                {}
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let read = read_all(&client, &url).await;
        serving.abort();
        read
    }

    #[tokio::test]
    async fn a_mailbox_that_fails_is_an_error() {
        let error = mailbox("500 Internal Server Error", "{}".to_owned())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the mailbox cannot be read: 500 Internal Server Error"
        );
    }

    #[tokio::test]
    async fn unreadable_notifications_are_counted_and_confirmations_are_not() {
        let sound = order::email(&OrderEvent::Confirmed(event()), "n-1").body;
        let mail = |kind: &str, body: &str| json!({"kind": kind, "to": "a@example.com", "body": body});
        let page = json!({"next": 1, "mail": [
            mail("confirmation", "Do you want to subscribe?"), mail("notification", "hello"), mail("notification", &sound),
        ]});
        let mailbox = mailbox("200 OK", page.to_string()).await.unwrap();
        assert_eq!((mailbox.emails.len(), mailbox.unreadable), (1, 1));
    }

    #[test]
    fn other_mail_is_not_parsed() {
        for body in [
            "",
            "hello",
            "hello\nNotification x",
            "--\nNotification x covers all orders.",
        ] {
            assert_eq!(parse_email("a@example.com", body), None, "{body}");
        }
    }
}
