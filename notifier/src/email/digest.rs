//! The email of many orders.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use order_core::text::Reference;
use order_core::{Money, OrderConfirmed};

use super::customer_text::shown;
use super::order::{customer, moment};
use super::{Email, counted, footer};

/// The most orders of one digest. They must be marked after it is sent, within the same invocation.
pub const MAX_ORDERS: usize = 1000;

/// The most orders that a digest lists. The others are in its counts and totals. A line has less than 1.5 KB, so that a digest
/// is far below the 256 KB of an SNS message.
const LISTED: usize = 50;

/// An order in a digest.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestItem {
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
            total: order.total(),
            text,
        }
    }
}

/// Writes a digest.
#[must_use]
pub fn email(items: &[&DigestItem], notification_id: &str) -> Email {
    let title = format!("{} confirmed", counted(items.len(), "order"));
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
    for item in items.iter().take(LISTED) {
        let _ = writeln!(body, "  {}", item.text);
    }
    if let Some(others) = items.len().checked_sub(LISTED).filter(|&others| others > 0) {
        let _ = writeln!(body, "  and {others} more");
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
    fn the_largest_digest_fits_sns() {
        let event = event_with(1, |order| {
            order["customer"]["name"] = "a.".repeat(100).into();
            order["reference"] = "a.".repeat(50).into();
            order["items"] =
                serde_json::json!([{"sku": "S", "quantity": 10_000, "unit_price": "9000000000000.00"}]);
            order.as_object_mut().unwrap().remove("total");
        });
        let item = DigestItem::new(&event);
        let email = email(&vec![&item; MAX_ORDERS], "n-1");
        assert!(email.body.len() < 200_000, "{} bytes", email.body.len());
        assert_eq!(email.subject, "1000 orders confirmed");
        assert!(
            email
                .body
                .contains("EUR (more than can be added up) in 1000 orders"),
            "{}",
            &email.body[..200]
        );
        assert!(
            email.body.contains("  and 950 more\n")
                && email.body.ends_with("Notification n-1 covers 1000 orders.\n")
        );
    }
}
