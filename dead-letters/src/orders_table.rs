//! Reading the stored orders of dead letters.

use std::collections::HashMap;

use anyhow::Context;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use order_core::OrderId;
use order_table::attribute_value::to_attributes;
use order_table::{Retention, Stored};
use order_table::{RowError, attribute};
use serde_json::Value;

use stack_client::{Connection, Resource};

use crate::retention::read_retention;

/// Keys of one `BatchGetItem`: the most that DynamoDB takes.
const MAX_KEYS: usize = 100;
/// Calls for one set of keys. DynamoDB may leave keys unprocessed in each.
const MAX_CALLS: usize = 10;

/// Rows and tombstones by order id. One that cannot be parsed is an error.
pub(super) type Rows = HashMap<OrderId, Result<Stored, RowError>>;

/// The table of orders.
#[derive(Debug)]
pub(super) struct OrdersTable {
    dynamodb: Client,
    name: String,
    retention: Retention,
}

impl OrdersTable {
    pub(super) async fn open(connection: &Connection) -> anyhow::Result<Self> {
        Ok(Self {
            dynamodb: connection.dynamodb().await?,
            name: connection.resource(Resource::OrdersTableName).await?,
            retention: read_retention(connection).await,
        })
    }

    /// How long it keeps rows.
    pub(super) fn retention(&self) -> Retention {
        self.retention
    }

    /// Reads the stored rows of these orders, strongly consistently.
    pub(super) async fn read_rows(&self, ids: &[OrderId]) -> anyhow::Result<Rows> {
        let mut rows = Rows::new();
        for chunk in ids.chunks(MAX_KEYS) {
            let key = |id: &OrderId| {
                HashMap::from([(attribute::ORDER_ID.to_owned(), AttributeValue::S(id.to_string()))])
            };
            // DynamoDB refuses a request that names a key twice.
            let mut keys: Vec<_> = chunk.iter().collect();
            keys.sort_unstable_by_key(ToString::to_string);
            keys.dedup();
            let keys = KeysAndAttributes::builder()
                .set_keys(Some(keys.into_iter().map(key).collect()))
                .consistent_read(true)
                .build()?;
            self.read(keys, &mut rows).await?;
        }
        Ok(rows)
    }

    async fn read(&self, keys: KeysAndAttributes, rows: &mut Rows) -> anyhow::Result<()> {
        let mut left = HashMap::from([(self.name.clone(), keys)]);
        for _ in 0..MAX_CALLS {
            let answer = self
                .dynamodb
                .batch_get_item()
                .set_request_items(Some(left))
                .send()
                .await
                .with_context(|| format!("the table {} cannot be read", self.name))?;
            let items = answer
                .responses
                .into_iter()
                .flatten()
                .flat_map(|(_, items)| items);
            for item in items {
                let attributes = to_attributes(item);
                let id = attributes.get(attribute::ORDER_ID).and_then(Value::as_str);
                if let Some(id) = id.and_then(|id| id.parse().ok()) {
                    rows.insert(id, Stored::from_attributes(&attributes));
                }
            }
            left = answer.unprocessed_keys.unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        anyhow::bail!("the table {} is too busy to be read: try again later", self.name)
    }
}
