//! The email of many orders.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use order_core::text::Reference;
use order_core::{EventType, Money, OrderConfirmed, OrderId};

use super::customer_text::shown;
use super::order::{customer, moment};
use super::{Email, counted, footer, verb};

/// The most orders of one digest. They must be marked after it is sent, within the same invocation.
pub const MAX_ORDERS: usize = 1000;

/// The most orders that a digest describes. It names the others by id and total, in less than 80 bytes each. A description has
/// less than 1.5 KB, so that a digest is far below the 256 KB of an SNS message.
const DESCRIBED: usize = 50;

/// An order in a digest.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestItem {
    order_id: OrderId,
    total: Money,
    text: String,
}

impl DigestItem {
    /// Writes the order's line.
    #[must_use]
    pub fn new(event: &OrderConfirmed) -> Self {
        let order = &event.order;
        let items = counted(order.items().len(), "item");
        let who = customer(order.customer());
        let mut text = format!(
            "{}  {}  {items}, {}, {who}",
            event.order_id,
            moment(event.accepted_at),
            order.total()
        );
        if let Some(reference) = order.reference() {
            text.push_str(", reference ");
            text.push_str(&shown(reference.as_str(), Reference::MAX_CHARACTERS));
        }
        Self {
            order_id: event.order_id,
            total: order.total(),
            text,
        }
    }
}

/// Writes a digest about events of one type. It names every order.
#[must_use]
pub fn email(items: &[&DigestItem], about: EventType, notification_id: &str) -> Email {
    let title = format!("{} {}", counted(items.len(), "order"), verb(about));
    let mut body = format!("{title}.\n\nTotals\n");
    // Writing to a String cannot fail.
    for (currency, (count, total)) in totals(items) {
        let total = total.map_or_else(
            || format!("{currency} (more than can be added up)"),
            |total| total.to_string(),
        );
        let _ = writeln!(body, "  {total} in {}", counted(count, "order"));
    }
    body.push_str("\nOrders\n");
    let (described, others) = items.split_at(items.len().min(DESCRIBED));
    for item in described {
        let _ = writeln!(body, "  {}", item.text);
    }
    if !others.is_empty() {
        let _ = writeln!(
            body,
            "\nAnd {}, by id and total",
            counted(others.len(), "more order")
        );
        for item in others {
            let _ = writeln!(body, "  {}  {}", item.order_id, item.total);
        }
    }
    body.push('\n');
    body.push_str(&footer(notification_id, items.len()));
    Email {
        subject: title,
        body,
        trace: None,
    }
}

/// Count and sum by currency. No sum if it overflows.
fn totals(items: &[&DigestItem]) -> BTreeMap<&'static str, (usize, Option<Money>)> {
    let mut totals = BTreeMap::new();
    for item in items {
        let currency = item.total.currency();
        let (count, sum) = totals
            .entry(currency.code())
            .or_insert((0, Some(Money::zero(currency))));
        *count += 1;
        *sum = sum.and_then(|sum| sum.plus(item.total).ok());
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{event, event_with};

    #[test]
    fn it_reads_well() {
        let yen = event_with(2, |order| {
            *order = serde_json::json!({"customer": {"id": "c-7"}, "currency": "JPY",
                "items": [{"sku": "CHASEN", "quantity": 6, "unit_price": "1250"}]});
        });
        let items = [
            DigestItem::new(&event(1)),
            DigestItem::new(&yen),
            DigestItem::new(&event_with(3, |order| order["reference"] = "PO 2026/17".into())),
        ];
        let email = email(
            &items.iter().collect::<Vec<_>>(),
            EventType::Confirmed,
            "0199d3a0-0000-7000-8000-000000000001",
        );
        insta::assert_snapshot!(format!("Subject: {}\n\n{}", email.subject, email.body), @r"
        Subject: 3 orders confirmed

        3 orders confirmed.

        Totals
          EUR 59.90 in 2 orders
          JPY 7,500 in 1 order

        Orders
          0199d3a0-5c1e-7b3a-9f57-2c1d00000001  2026-11-23 09:35:00 UTC  2 items, EUR 29.95, Ada Lovelace (c-42)
          0199d3a0-5c1e-7b3a-9f57-2c1d00000002  2026-11-23 09:35:00 UTC  1 item, JPY 7,500, c-7
          0199d3a0-5c1e-7b3a-9f57-2c1d00000003  2026-11-23 09:35:00 UTC  2 items, EUR 29.95, Ada Lovelace (c-42), reference PO 2026/17

        --
        Notification 0199d3a0-0000-7000-8000-000000000001 covers 3 orders.
        ");
    }

    #[test]
    fn a_digest_of_cancellations_says_so() {
        let items = [DigestItem::new(&event(1)), DigestItem::new(&event(2))];
        let email = email(&items.iter().collect::<Vec<_>>(), EventType::Cancelled, "n-1");
        insta::assert_snapshot!(format!("Subject: {}\n\n{}", email.subject, email.body), @r"
        Subject: 2 orders cancelled

        2 orders cancelled.

        Totals
          EUR 59.90 in 2 orders

        Orders
          0199d3a0-5c1e-7b3a-9f57-2c1d00000001  2026-11-23 09:35:00 UTC  2 items, EUR 29.95, Ada Lovelace (c-42)
          0199d3a0-5c1e-7b3a-9f57-2c1d00000002  2026-11-23 09:35:00 UTC  2 items, EUR 29.95, Ada Lovelace (c-42)

        --
        Notification n-1 covers 2 orders.
        ");
    }

    #[test]
    fn the_largest_digest_fits_sns() {
        let event = event_with(1, |order| {
            order["customer"]["name"] = "a.".repeat(100).into();
            order["reference"] = "a.".repeat(50).into();
            order["items"] =
                serde_json::json!([{"sku": "S", "quantity": 10_000, "unit_price": "9000000000000.00"}]);
            order.as_object_mut().unwrap().remove("total");
        });
        let item = DigestItem::new(&event);
        let email = email(&vec![&item; MAX_ORDERS], EventType::Cancelled, "n-1");
        assert!(email.body.len() < 200_000, "{} bytes", email.body.len());
        assert_eq!(email.subject, "1000 orders cancelled");
        assert!(
            email
                .body
                .contains("EUR (more than can be added up) in 1000 orders"),
            "{}",
            &email.body[..200]
        );
        assert!(
            email.body.contains("\nAnd 950 more orders, by id and total\n")
                && email.body.ends_with("Notification n-1 covers 1000 orders.\n")
        );
        let lines = email.body.lines();
        let named = lines.filter(|line| line.starts_with(&format!("  {}  ", event.order_id)));
        assert_eq!(named.count(), MAX_ORDERS);
    }

    #[test]
    fn every_order_is_named() {
        for count in [1, DESCRIBED, DESCRIBED + 1, DESCRIBED + 2, 150] {
            let items: Vec<_> = (1..=count)
                .map(|number| DigestItem::new(&event(u32::try_from(number).unwrap())))
                .collect();
            let email = email(&items.iter().collect::<Vec<_>>(), EventType::Confirmed, "n-1");
            for item in &items {
                let line = format!("\n  {}  ", item.order_id);
                assert_eq!(email.body.matches(&line).count(), 1, "{count}: {line}");
            }
        }
    }

    #[test]
    fn an_order_that_is_not_described_has_its_id_and_total() {
        let items: Vec<_> = (1..=51).map(|number| DigestItem::new(&event(number))).collect();
        let email = email(&items.iter().collect::<Vec<_>>(), EventType::Confirmed, "n-1");
        let (_, others) = email.body.split_once("\n\nAnd ").unwrap();
        insta::assert_snapshot!(others, @r"
        1 more order, by id and total
          0199d3a0-5c1e-7b3a-9f57-2c1d00000033  EUR 29.95

        --
        Notification n-1 covers 51 orders.
        ");
    }
}
