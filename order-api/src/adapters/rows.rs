//! Reads many rows of the table of orders by their keys.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use function_runtime::Rng;
use function_runtime::backoff::Backoff;
use order_table::attribute_value::{Item, to_attributes};
use order_table::{Attributes, attribute, text};
use tokio::time::sleep;

use super::calls::{CALLS, unavailable};
use crate::ports::TableError;

/// Rows by the ids of their orders, as they are stored.
pub(super) type Rows = HashMap<String, Attributes>;

/// The waits before the rows that DynamoDB left out are asked for again.
const BACKOFF: Backoff = Backoff {
    first: CALLS.first_backoff,
    max: Duration::from_secs(1),
};

/// Reads rows of one table.
pub(super) struct RowReader<'a> {
    pub(super) client: &'a Client,
    pub(super) table: &'a str,
    /// Draws the waits between attempts.
    pub(super) rng: &'a Rng,
}

impl RowReader<'_> {
    /// The rows of up to 100 orders. An order that is missing has no row.
    ///
    /// The reads are eventually consistent, at half of the price. Such a read may miss a row that the index has: what it does not find is
    /// read again, with every write that was acknowledged before.
    pub(super) async fn read(&self, order_ids: impl Iterator<Item = &str>) -> Result<Rows, TableError> {
        // DynamoDB refuses a key that is given twice.
        let mut missing: BTreeSet<&str> = order_ids.collect();
        let mut rows = Rows::new();
        for is_consistent in [false, true] {
            if missing.is_empty() {
                break;
            }
            let keys = missing.iter().map(|id| key(id)).collect();
            rows.extend(self.read_all(keys, is_consistent).await?);
            missing.retain(|id| !rows.contains_key(*id));
        }
        Ok(rows)
    }

    /// Reads until DynamoDB has left no key out: it does when the table is throttled, and when an answer would have more than 16 MB.
    async fn read_all(&self, mut keys: Vec<Item>, is_consistent: bool) -> Result<Rows, TableError> {
        let mut rows = Rows::new();
        for attempt in 0..CALLS.max_attempts {
            if attempt > 0 {
                sleep(BACKOFF.wait(attempt - 1, self.rng)).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(is_consistent)
                .build()
                .map_err(|error| unavailable(&error))?;
            let call = self.client.batch_get_item().request_items(self.table, request);
            let answer = call.send().await.map_err(|error| unavailable(&error))?;
            let items = answer.responses.unwrap_or_default().into_values().flatten();
            for item in items {
                let attributes = to_attributes(item);
                let order_id = text(&attributes, attribute::ORDER_ID)?.to_owned();
                rows.insert(order_id, attributes);
            }
            let left = answer.unprocessed_keys.unwrap_or_default().into_values();
            keys = left.flat_map(|left| left.keys).collect();
            if keys.is_empty() {
                return Ok(rows);
            }
        }
        Err(TableError::Unavailable(format!(
            "the table left out {} rows in each of {} attempts",
            keys.len(),
            CALLS.max_attempts
        )))
    }
}

fn key(order_id: &str) -> Item {
    Item::from([(
        attribute::ORDER_ID.to_owned(),
        AttributeValue::S(order_id.to_owned()),
    )])
}
