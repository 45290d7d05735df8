//! An order, formatted for people.

use std::collections::BTreeMap;

use serde::Deserialize;

use terminal::table::format_table;
use terminal::text::{sanitize, sanitize_line};

/// The fields of the API's order that people are shown. A later API may return more.
#[derive(Debug, Deserialize)]
pub(crate) struct OrderView {
    order_id: String,
    status: String,
    customer: CustomerView,
    currency: String,
    items: Vec<ItemView>,
    total: String,
    note: Option<String>,
    reference: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    accepted_at: String,
    confirmed_at: Option<String>,
    notified_at: Option<String>,
    cancelled_at: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CustomerView {
    id: String,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ItemView {
    sku: String,
    name: Option<String>,
    quantity: u32,
    unit_price: String,
}

impl OrderView {
    /// The order as text.
    pub(crate) fn format(&self) -> String {
        let customer = [
            Some(&self.customer.id),
            self.customer.name.as_ref(),
            self.customer.email.as_ref(),
        ];
        let customer: Vec<&str> = customer.into_iter().flatten().map(String::as_str).collect();
        let mut lines = vec![
            format!("order      {}", self.order_id),
            format!("status     {}", self.status),
            format!("customer   {}", customer.join(", ")),
            format!("accepted   {}", self.accepted_at),
        ];
        lines.extend(self.confirmed_at.as_ref().map(|at| format!("confirmed  {at}")));
        lines.extend(self.notified_at.as_ref().map(|at| format!("notified   {at}")));
        lines.extend(self.cancelled_at.as_ref().map(|at| format!("cancelled  {at}")));
        lines.extend(
            self.reference
                .as_ref()
                .map(|reference| format!("reference  {reference}")),
        );
        lines.extend(
            self.metadata
                .iter()
                .map(|(name, value)| format!("metadata   {name} = {value}")),
        );
        lines.extend(self.note.as_ref().map(|note| format!("note       {note}")));
        let rows: Vec<[String; 4]> = self
            .items
            .iter()
            .map(|item| {
                let name = item.name.as_deref().unwrap_or_default();
                [
                    item.quantity.to_string(),
                    sanitize_line(&item.sku),
                    sanitize_line(name),
                    sanitize_line(&item.unit_price),
                ]
            })
            .collect();
        lines.push(String::new());
        lines.push(format_table(["QUANTITY", "SKU", "NAME", "EACH"], &rows));
        lines.push(String::new());
        lines.push(format!("total      {} {}", self.currency, self.total));
        sanitize(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_shown_with_its_times_items_and_total() {
        let view: OrderView = serde_json::from_str(
            r#"{"order_id": "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", "status": "notified",
                "customer": {"id": "customer-1001", "name": "Ada Example"}, "currency": "EUR", "total": "64.60",
                "items": [{"sku": "TEA-ASSAM-250", "name": "Assam tea, 250 g", "quantity": 2, "unit_price": "12.50"},
                          {"sku": "CUP", "quantity": 4, "unit_price": "9.90"}],
                "accepted_at": "2026-11-23T09:35:00.000Z", "confirmed_at": "2026-11-23T09:35:01.000Z",
                "notified_at": "2026-11-23T09:35:02.000Z", "fingerprint": "v1:00"}"#,
        )
        .unwrap();
        insta::assert_snapshot!(view.format(), @r"
        order      0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b
        status     notified
        customer   customer-1001, Ada Example
        accepted   2026-11-23T09:35:00.000Z
        confirmed  2026-11-23T09:35:01.000Z
        notified   2026-11-23T09:35:02.000Z

        QUANTITY  SKU            NAME              EACH
        2         TEA-ASSAM-250  Assam tea, 250 g  12.50
        4         CUP                              9.90

        total      EUR 64.60
        ");
    }
}
