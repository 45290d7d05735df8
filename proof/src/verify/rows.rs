//! Reading all rows and tombstones of the table by a parallel scan. It also finds rows that are not from the journal.

use std::collections::BTreeSet;

use anyhow::Context;
use aws_config::SdkConfig;
use futures_util::future::try_join_all;
use order_core::Fingerprint;
use order_table::attribute_value::to_attributes;
use order_table::{Attributes, attribute};
use order_table::{OrderRow, Stored};
use serde_json::Value;

/// Segments of the table that are read at the same time.
const SEGMENTS: i32 = 4;

/// The content of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The key.
    pub(super) order_id: String,
    /// The order's note. For an order of `load` it is the idempotency key.
    pub(super) note: Option<String>,
    /// The fingerprint attribute.
    pub(super) stored_fingerprint: Option<String>,
    /// The fingerprint of the stored order, or the reason why the row holds no order.
    pub(super) content: Result<Fingerprint, String>,
    /// The id of the notification that the row names.
    pub(super) notification_id: Option<String>,
    /// Whether the order was cancelled.
    pub(super) is_cancelled: bool,
}

impl Row {
    fn parse(row: &Attributes) -> Self {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            order_id: text(attribute::ORDER_ID).unwrap_or_default(),
            note: text(attribute::NOTE),
            stored_fingerprint: text(attribute::FINGERPRINT),
            content: OrderRow::from_attributes(row)
                .map(|row| Fingerprint::of(&row.order))
                .map_err(|error| error.to_string()),
            notification_id: text(attribute::NOTIFICATION_ID),
            is_cancelled: row.contains_key(attribute::CANCELLED_AT),
        }
    }
}

/// The items of the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    pub(super) rows: Vec<Row>,
    /// The ids of the orders that an operator erased.
    pub(super) erased: BTreeSet<String>,
}

impl Items {
    fn add(&mut self, attributes: &Attributes) {
        let row = Row::parse(attributes);
        if Stored::is_erased(attributes) {
            self.erased.insert(row.order_id);
        } else {
            self.rows.push(row);
        }
    }
}

/// Reads all items of the table, strongly consistently.
pub(super) async fn scan(config: &SdkConfig, table: &str) -> anyhow::Result<Items> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let segments = (0..SEGMENTS).map(async |segment| -> anyhow::Result<Vec<Attributes>> {
        let scan = client.scan().table_name(table).consistent_read(true);
        let mut items = scan
            .segment(segment)
            .total_segments(SEGMENTS)
            .into_paginator()
            .items()
            .send();
        let mut read = Vec::new();
        while let Some(item) = items.next().await {
            read.push(to_attributes(item.context("the table cannot be read")?));
        }
        Ok(read)
    });
    let mut all = Items::default();
    for attributes in try_join_all(segments).await?.iter().flatten() {
        all.add(attributes);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_is_no_row() {
        let tombstone = include_str!("../../../order-table/golden/tombstone-v1.json");
        let mut items = Items::default();
        items.add(&serde_json::from_str(tombstone).unwrap());
        let id = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".to_owned();
        assert_eq!((items.rows, items.erased), (Vec::new(), BTreeSet::from([id])));
    }

    #[test]
    fn the_content_of_a_row_is_compared_and_not_its_fingerprint_attribute() {
        let golden: Attributes =
            serde_json::from_str(include_str!("../../../order-table/golden/row-v1.json")).unwrap();
        let row = Row::parse(&golden);
        assert_eq!(
            row.content.as_ref().map(ToString::to_string).ok(),
            row.stored_fingerprint
        );
        assert!(!row.is_cancelled);
        let cancelled = include_str!("../../../order-table/golden/row-v1-cancelled.json");
        assert!(Row::parse(&serde_json::from_str(cancelled).unwrap()).is_cancelled);
        let mut altered = golden.clone();
        altered.insert(attribute::CUSTOMER_ID.to_owned(), "someone-else".into());
        let altered = Row::parse(&altered);
        assert_eq!(altered.stored_fingerprint, row.stored_fingerprint);
        assert_ne!(altered.content, row.content);
        let mut damaged = golden;
        damaged.remove(attribute::ITEMS);
        assert!(Row::parse(&damaged).content.unwrap_err().contains("items"));
    }
}
