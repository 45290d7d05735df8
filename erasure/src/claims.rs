//! The table of claims: the claims of the orders' keys, and the marks of their dead letters.

use std::collections::BTreeSet;

use anyhow::Context;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use order_core::OrderId;
use order_table::attribute_value::{Item, failed_key, key};
use stack_client::{Connection, Resource};

use crate::orders::IN_FLIGHT;

/// The table of claims.
#[derive(Debug)]
pub(crate) struct Claims {
    client: Client,
    table: String,
}

impl Claims {
    pub(crate) async fn open(connection: &Connection) -> anyhow::Result<Self> {
        Ok(Self {
            client: connection.dynamodb().await?,
            table: connection.resource(Resource::ClaimsTableName).await?,
        })
    }

    /// Reads the claims and marks of the orders, each with its order.
    pub(crate) fn read(
        &self,
        orders: &BTreeSet<OrderId>,
    ) -> impl Stream<Item = anyhow::Result<(OrderId, Item)>> {
        let reads = keys(orders).map(async |(order, key)| {
            let call = self.client.get_item().table_name(&self.table).set_key(Some(key));
            let read = call.consistent_read(true).send().await;
            let read = read.with_context(|| format!("{} cannot be read", self.table))?;
            anyhow::Ok(read.item.map(|item| (order, item)))
        });
        let found = stream::iter(reads).buffered(IN_FLIGHT);
        found.try_filter_map(async |found| Ok(found))
    }

    /// Deletes the claims and marks of the orders. Returns how many there were.
    pub(crate) async fn delete(&self, orders: &BTreeSet<OrderId>) -> anyhow::Result<u64> {
        let deletions = keys(orders).map(async |(_, key)| {
            let call = self
                .client
                .delete_item()
                .table_name(&self.table)
                .set_key(Some(key));
            let deleted = call.return_values(ReturnValue::AllOld).send().await;
            let deleted = deleted.with_context(|| format!("a claim in {} was not deleted", self.table))?;
            anyhow::Ok(u64::from(deleted.attributes.is_some()))
        });
        let deleted: Vec<u64> = stream::iter(deletions).buffered(IN_FLIGHT).try_collect().await?;
        Ok(deleted.iter().sum())
    }
}

/// The keys of the claim and of the mark of each order.
fn keys(orders: &BTreeSet<OrderId>) -> impl Iterator<Item = (OrderId, Item)> {
    orders
        .iter()
        .flat_map(|order| [key(*order), failed_key(*order)].map(|key| (*order, key)))
}
