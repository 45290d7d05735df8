//! The table of orders, on DynamoDB.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::builders::GetItemFluentBuilder;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use function_runtime::Rng;
use order_core::OrderId;
use order_table::attribute_value::{Item, key, to_attributes};
use order_table::{Attributes, RowError, Stored, attribute, parsed};

use super::calls::{DynamoDbClients, unavailable};
use super::customer_page::PageKeys;
use super::rows::RowReader;
use crate::ports::{Acceptance, CustomerQuery, OrderTable, Page, TableError};

/// Reads one DynamoDB table. It needs `dynamodb:GetItem` and `dynamodb:BatchGetItem` on it, and `dynamodb:Query` on its index.
#[derive(Debug, Clone)]
pub struct DynamoDbOrderTable {
    clients: DynamoDbClients,
    table: String,
    customer_index: String,
    rng: Arc<Rng>,
}

impl DynamoDbOrderTable {
    /// The table of this name, with its index of a customer's orders.
    #[must_use]
    pub fn new(sdk: &SdkConfig, table: String, customer_index: String) -> Self {
        Self {
            clients: DynamoDbClients::new(sdk),
            table,
            customer_index,
            rng: Arc::new(Rng::seeded(fastrand::u64(..))),
        }
    }

    /// Reads the item of an order, with every write that was acknowledged before.
    fn get(&self, client: &Client, id: OrderId) -> GetItemFluentBuilder {
        client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(id)))
            .consistent_read(true)
    }
}

impl OrderTable for DynamoDbOrderTable {
    async fn order(&self, id: OrderId) -> Result<Option<Stored>, TableError> {
        let call = self.get(&self.clients.repeating, id);
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        let item = answer.item.map(to_attributes);
        Ok(item.map(|item| Stored::from_attributes(&item)).transpose()?)
    }

    async fn acceptance(&self, id: OrderId) -> Result<Option<Acceptance>, TableError> {
        let call = self
            .get(&self.clients.one_attempt, id)
            .projection_expression(acceptance_attributes());
        let item = call.send().await.map_err(|error| unavailable(&error))?.item;
        Ok(item.map(|item| acceptance(&to_attributes(item))).transpose()?)
    }

    async fn acceptances(&self, ids: &[OrderId]) -> Result<HashMap<OrderId, Acceptance>, TableError> {
        let mut keys = KeysAndAttributes::builder()
            .consistent_read(true)
            .projection_expression(acceptance_attributes());
        for id in ids {
            keys = keys.keys(key(*id));
        }
        let keys = keys.build().map_err(|error| unavailable(&error))?;
        let call = self
            .clients
            .one_attempt
            .batch_get_item()
            .request_items(&self.table, keys);
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        let items = answer.responses.unwrap_or_default().into_values().flatten();
        Ok(items.filter_map(identified_acceptance).collect())
    }

    async fn by_customer(&self, query: &CustomerQuery) -> Result<Page, TableError> {
        let client = &self.clients.repeating;
        let keys = PageKeys::read(client, &self.table, &self.customer_index, query).await?;
        let reader = RowReader {
            client,
            table: &self.table,
            rng: &self.rng,
        };
        let rows = reader.read(keys.order_ids()).await?;
        Ok(keys.page(rows, query)?)
    }
}

fn acceptance_attributes() -> String {
    [
        attribute::ORDER_ID,
        attribute::FINGERPRINT,
        attribute::ACCEPTED_AT,
        attribute::ERASED_AT,
    ]
    .join(", ")
}

fn acceptance(attributes: &Attributes) -> Result<Acceptance, RowError> {
    if Stored::is_erased(attributes) {
        return Ok(Acceptance::Erased);
    }
    Ok(Acceptance::Stored {
        fingerprint: parsed(attributes, attribute::FINGERPRINT)?,
        accepted_at: parsed(attributes, attribute::ACCEPTED_AT)?,
    })
}

/// An acceptance that cannot be read counts as unknown: order-worker compares the orders.
fn identified_acceptance(item: Item) -> Option<(OrderId, Acceptance)> {
    let attributes = to_attributes(item);
    let order_id = parsed(&attributes, attribute::ORDER_ID).ok()?;
    acceptance(&attributes)
        .inspect_err(|error| tracing::warn!(%order_id, %error, "idempotency key not looked up"))
        .ok()
        .map(|acceptance| (order_id, acceptance))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    #[test]
    fn an_acceptance_is_read_from_its_two_attributes() {
        let fingerprint = format!("v1:{}", "0".repeat(64));
        let item = |fingerprint: &str| {
            HashMap::from([
                (
                    attribute::FINGERPRINT.to_owned(),
                    AttributeValue::S(fingerprint.to_owned()),
                ),
                (
                    attribute::ACCEPTED_AT.to_owned(),
                    AttributeValue::S("2026-11-23T09:35:00.123Z".to_owned()),
                ),
            ])
        };
        let read = acceptance(&to_attributes(item(&fingerprint)));
        let stored = Acceptance::Stored {
            fingerprint: fingerprint.parse().unwrap(),
            accepted_at: "2026-11-23T09:35:00.123Z".parse().unwrap(),
        };
        assert_eq!(read, Ok(stored));
        let erased = HashMap::from([(
            attribute::ERASED_AT.to_owned(),
            AttributeValue::S("2026-11-29T12:00:00.000Z".to_owned()),
        )]);
        assert_eq!(acceptance(&to_attributes(erased)), Ok(Acceptance::Erased));
        // A fingerprint of a later version cannot be read.
        assert_eq!(
            acceptance(&to_attributes(item("v2:00"))).unwrap_err().attribute,
            attribute::FINGERPRINT
        );
        assert_eq!(
            acceptance(&to_attributes(HashMap::new())).unwrap_err().attribute,
            attribute::FINGERPRINT
        );
    }
}
