//! The table of claims: the claims of the orders' keys, and the marks of their dead letters.

use std::collections::BTreeSet;

use anyhow::Context;
use aws_sdk_dynamodb::types::ReturnValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use order_core::OrderId;
use order_table::attribute_value::{failed_key, key};
use stack_client::{Connection, Resource};

use crate::orders::IN_FLIGHT;

/// Counts the claims and marks of the orders.
pub(crate) async fn count(orders: &BTreeSet<OrderId>, connection: &Connection) -> anyhow::Result<u64> {
    let client = connection.dynamodb().await?;
    let table = connection.resource(Resource::ClaimsTableName).await?;
    let reads = orders.iter().flat_map(|order| [key(*order), failed_key(*order)]);
    let reads = reads.map(async |key| {
        let call = client.get_item().table_name(&table).set_key(Some(key));
        let read = call.consistent_read(true).send().await;
        let read = read.with_context(|| format!("{table} cannot be read"))?;
        anyhow::Ok(u64::from(read.item.is_some()))
    });
    let found: Vec<u64> = stream::iter(reads).buffered(IN_FLIGHT).try_collect().await?;
    Ok(found.iter().sum())
}

/// Deletes the claims and marks of the orders. Returns how many there were.
pub(crate) async fn delete(orders: &BTreeSet<OrderId>, connection: &Connection) -> anyhow::Result<u64> {
    let client = connection.dynamodb().await?;
    let table = connection.resource(Resource::ClaimsTableName).await?;
    let deletions = orders.iter().flat_map(|order| [key(*order), failed_key(*order)]);
    let deletions = deletions.map(async |key| {
        let call = client.delete_item().table_name(&table).set_key(Some(key));
        let deleted = call.return_values(ReturnValue::AllOld).send().await;
        let deleted = deleted.with_context(|| format!("a claim in {table} was not deleted"))?;
        anyhow::Ok(u64::from(deleted.attributes.is_some()))
    });
    let deleted: Vec<u64> = stream::iter(deletions).buffered(IN_FLIGHT).try_collect().await?;
    Ok(deleted.iter().sum())
}
