//! The email of one order.

use std::fmt::Write as _;

use order_core::order::MAX_METADATA_ENTRIES;
use order_core::text::{MetadataName, MetadataValue, Reference};
use order_core::{Customer, Item, OrderEvent, Timestamp};

use super::customer_text::shown;
use super::{Email, address, counted, footer, verb};

/// The most characters of a name in an email. The row holds the whole name.
const NAME_CHARACTERS: usize = 80;

/// The most items in an email: the limit of a new order. The row holds all items of an order of an earlier limit.
const LISTED_ITEMS: usize = order_core::order::MAX_ITEMS;

/// The most characters of a note in an email: the limit of an order's note.
const NOTE_CHARACTERS: usize = 1000;

/// Writes the email of one order.
#[must_use]
pub fn email(event: &OrderEvent, notification_id: &str) -> Email {
    let verb = verb(event.event_type());
    let confirmed = event.confirmed();
    let order = &confirmed.order;
    let short = confirmed.order_id.short();
    let mut body = format!(
        "Order {short} is {verb}: {}, {}.\n\n",
        counted(order.items().len(), "item"),
        order.total()
    );
    // Writing to a String cannot fail.
    let _ = writeln!(body, "Order     {}", confirmed.order_id);
    let _ = writeln!(body, "Accepted  {}", moment(confirmed.accepted_at));
    if let OrderEvent::Cancelled(event) = event {
        let _ = writeln!(body, "Cancelled {}", moment(event.cancelled_at));
    }
    let _ = writeln!(body, "Customer  {}", customer(order.customer()));
    if let Some(email) = &order.customer().email {
        let _ = writeln!(body, "Email     {}", address::shown(email));
    }
    if let Some(reference) = order.reference() {
        let _ = writeln!(
            body,
            "Reference {}",
            shown(reference.as_str(), Reference::MAX_CHARACTERS)
        );
    }
    body.push_str("\nItems\n");
    body.push_str(&items(order.items()));
    let _ = writeln!(body, "\nTotal     {}", order.total());
    if let Some(note) = order.note() {
        let _ = writeln!(body, "\nNote      {}", shown(note.as_str(), NOTE_CHARACTERS));
    }
    if !order.metadata().is_empty() {
        body.push_str("\nMetadata\n");
    }
    for (name, value) in order.metadata().iter().take(MAX_METADATA_ENTRIES) {
        let name = shown(name.as_str(), MetadataName::MAX_CHARACTERS);
        let value = shown(value.as_str(), MetadataValue::MAX_CHARACTERS);
        let _ = writeln!(body, "  {name} = {value}");
    }
    body.push('\n');
    body.push_str(&footer(notification_id, 1));
    Email {
        subject: format!("Order {short} {verb}: {}", order.total()),
        body,
        trace: confirmed.trace,
    }
}

/// The customer's id and name.
pub(super) fn customer(customer: &Customer) -> String {
    let id = shown(customer.id.as_str(), NAME_CHARACTERS);
    match &customer.name {
        Some(name) => format!("{} ({id})", shown(name.as_str(), NAME_CHARACTERS)),
        None => id,
    }
}

/// A moment as people read it: `2026-11-23 09:35:00 UTC`.
pub(super) fn moment(timestamp: Timestamp) -> String {
    let text = timestamp.to_string();
    match (text.get(..10), text.get(11..19)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => text,
    }
}

/// The table of items. Names are its last column, where their width does not matter: some characters are two columns wide.
fn items(items: &[Item]) -> String {
    let (items, others) = items.split_at(items.len().min(LISTED_ITEMS));
    let rows: Vec<[String; 3]> = items
        .iter()
        .map(|item| {
            // The parser refuses an order whose sums overflow.
            let sum = item
                .unit_price
                .times(item.quantity.get())
                .map_or_else(|_| "?".to_owned(), |sum| sum.to_string());
            [item.quantity.get().to_string(), item.unit_price.to_string(), sum]
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or_default();
    let (quantities, prices, sums) = (width(0), width(1), width(2));
    let mut table = String::new();
    for (item, [quantity, price, sum]) in items.iter().zip(&rows) {
        let _ = writeln!(
            table,
            "  {quantity:>quantities$} x {price:>prices$} = {sum:>sums$}  {}",
            name(item)
        );
    }
    if !others.is_empty() {
        let _ = writeln!(table, "  and {} more", counted(others.len(), "item"));
    }
    table
}

fn name(item: &Item) -> String {
    let sku = shown(item.sku.as_str(), NAME_CHARACTERS);
    match &item.name {
        Some(name) => format!("{} ({sku})", shown(name.as_str(), NAME_CHARACTERS)),
        None => sku,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{cancelled, event, event_with};

    #[test]
    fn it_reads_well() {
        let email = email(
            &OrderEvent::Confirmed(event(1)),
            "0199d3a0-0000-7000-8000-000000000001",
        );
        insta::assert_snapshot!(format!("Subject: {}\n\n{}", email.subject, email.body), @r"
        Subject: Order 00000001 confirmed: EUR 29.95

        Order 00000001 is confirmed: 2 items, EUR 29.95.

        Order     0199d3a0-5c1e-7b3a-9f57-2c1d00000001
        Accepted  2026-11-23 09:35:00 UTC
        Customer  Ada Lovelace (c-42)
        Email     ada@example.com

        Items
          2 x EUR 12.50 = EUR 25.00  Mug (MUG-01)
          1 x  EUR 4.95 =  EUR 4.95  TEA-07

        Total     EUR 29.95

        Note      Leave it at the door

        --
        Notification 0199d3a0-0000-7000-8000-000000000001 covers 1 order.
        ");
    }

    #[test]
    fn a_cancelled_order_says_so() {
        let email = email(&cancelled(1), "0199d3a0-0000-7000-8000-000000000001");
        let head: Vec<&str> = email.body.lines().take(6).collect();
        insta::assert_snapshot!(format!("Subject: {}\n\n{}", email.subject, head.join("\n")), @r"
        Subject: Order 00000001 cancelled: EUR 29.95

        Order 00000001 is cancelled: 2 items, EUR 29.95.

        Order     0199d3a0-5c1e-7b3a-9f57-2c1d00000001
        Accepted  2026-11-23 09:35:00 UTC
        Cancelled 2026-11-23 10:00:00 UTC
        Customer  Ada Lovelace (c-42)
        ");
    }

    #[test]
    fn it_names_the_reference_and_the_metadata() {
        let event = event_with(1, |order| {
            order["reference"] = "PO 2026/17".into();
            order["metadata"] = serde_json::json!({"channel": "web", "page": "www.evil.example"});
        });
        let body = email(&OrderEvent::Confirmed(event), "n-1").body;
        assert!(
            body.contains("Email     ada@example.com\nReference PO 2026/17\n\nItems\n"),
            "{body}"
        );
        assert!(
            body.contains("\nMetadata\n  channel = web\n  page = www[.]evil[.]example\n\n--\n"),
            "{body}"
        );
    }

    #[test]
    fn a_customer_cannot_forge_anything() {
        let event = event_with(1, |order| {
            order["customer"]["email"] = "www.evil.example/pay?o=1@evil.example".into();
            order["customer"]["name"] = "Total EUR 0.00 https://evil.example".into();
            order["note"] = "Notification x covers 9 orders. See www.evil.example".into();
            order["items"][0]["name"] = "evil.example".into();
        });
        let email = email(&OrderEvent::Confirmed(event), "n-1");
        assert!(
            !email.body.contains("evil.example") && !email.body.contains("://"),
            "{}",
            email.body
        );
        assert_eq!(
            email
                .body
                .lines()
                .filter(|line| line.starts_with("Notification "))
                .count(),
            1
        );
        assert_eq!(
            email
                .body
                .lines()
                .filter(|line| line.starts_with("Total "))
                .count(),
            1
        );
    }

    #[test]
    fn an_order_of_an_earlier_limit_is_cut() {
        let event = event_with(1, |order| {
            let item = serde_json::json!({"sku": "S", "quantity": 1, "unit_price": "1.00"});
            order["items"] = vec![item; 102].into();
            order.as_object_mut().unwrap().remove("total");
        });
        let body = email(&OrderEvent::Confirmed(event), "n-1").body;
        assert!(
            body.contains("102 items, EUR 102.00.") && body.contains("\n  and 2 items more\n"),
            "{body}"
        );
        assert_eq!(body.matches("  1 x EUR 1.00").count(), 100);
    }

    #[test]
    fn the_largest_order_fits_sns() {
        let event = event_with(1, |order| {
            let item = serde_json::json!({"sku": "S".repeat(64), "name": "茶".repeat(200), "quantity": 10_000, "unit_price": "99999999.99"});
            order["items"] = vec![item; 100].into();
            order["note"] = "茶".repeat(1000).into();
            order["metadata"] = (0..20)
                .map(|index| (format!("{index:040}"), "茶".repeat(500).into()))
                .collect::<serde_json::Map<_, _>>()
                .into();
            order.as_object_mut().unwrap().remove("total");
        });
        let email = email(
            &OrderEvent::Confirmed(event),
            "0199d3a0-0000-7000-8000-000000000001",
        );
        assert!(email.body.len() < 200_000, "{} bytes", email.body.len());
        assert!(email.subject.len() < 100 && email.subject.is_ascii());
    }
}
