//! All rows of the table, by a parallel scan: it also finds the rows that no journal knows of.

use anyhow::Context;
use aws_config::SdkConfig;
use futures_util::future::try_join_all;
use order_api::adapters::attributes;
use order_core::row::{Attributes, attribute};
use order_core::{Fingerprint, OrderRow};
use serde_json::Value;

/// Parts of the table that are read side by side.
const SEGMENTS: i32 = 4;

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The key.
    pub(super) order_id: String,
    /// The order's note, which is the idempotency key of an order of `load`.
    pub(super) note: Option<String>,
    /// The fingerprint that is stored, as it is.
    pub(super) stored_fingerprint: Option<String>,
    /// The fingerprint of what is stored; or why it is no order.
    pub(super) content: Result<Fingerprint, String>,
    /// The email that the row says told of it.
    pub(super) notification_id: Option<String>,
}

impl Row {
    fn read(row: &Attributes) -> Self {
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            order_id: text(attribute::ORDER_ID).unwrap_or_default(),
            note: text(attribute::NOTE),
            stored_fingerprint: text(attribute::FINGERPRINT),
            content: OrderRow::from_attributes(row)
                .map(|row| Fingerprint::of(&row.order))
                .map_err(|error| error.to_string()),
            notification_id: text(attribute::NOTIFICATION_ID),
        }
    }
}

/// Reads all rows of the table, consistently.
pub(super) async fn scan(config: &SdkConfig, table: &str) -> anyhow::Result<Vec<Row>> {
    let client = aws_sdk_dynamodb::Client::new(config);
    let segments = (0..SEGMENTS).map(async |segment| -> anyhow::Result<Vec<Row>> {
        let scan = client.scan().table_name(table).consistent_read(true);
        let mut items = scan
            .segment(segment)
            .total_segments(SEGMENTS)
            .into_paginator()
            .items()
            .send();
        let mut rows = Vec::new();
        while let Some(item) = items.next().await {
            rows.push(Row::read(&attributes(item.context("the table cannot be read")?)));
        }
        Ok(rows)
    });
    Ok(try_join_all(segments).await?.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_judged_by_its_content() {
        let golden: Attributes =
            serde_json::from_str(include_str!("../../../order-core/golden/row-v1.json")).unwrap();
        let row = Row::read(&golden);
        assert_eq!(
            row.content.as_ref().map(ToString::to_string).ok(),
            row.stored_fingerprint
        );
        let mut altered = golden.clone();
        altered.insert(attribute::CUSTOMER_ID.to_owned(), "someone-else".into());
        let altered = Row::read(&altered);
        assert_eq!(altered.stored_fingerprint, row.stored_fingerprint);
        assert_ne!(altered.content, row.content);
        let mut damaged = golden;
        damaged.remove(attribute::ITEMS);
        assert!(Row::read(&damaged).content.unwrap_err().contains("items"));
    }
}
