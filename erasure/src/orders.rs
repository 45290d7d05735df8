//! The table of orders: which orders a customer has, and their tombstones.

use std::collections::BTreeSet;

use anyhow::Context;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use order_core::text::CustomerId;
use order_core::{OrderId, Timestamp};
use order_table::attribute_value::{Item, from_json, key, order_id};
use order_table::{Tombstone, attribute};
use stack_client::{Connection, Resource};
use time::OffsetDateTime;

use crate::subject::Subject;

/// Calls in flight at once.
pub(crate) const IN_FLIGHT: usize = 10;

/// The table of orders.
#[derive(Debug)]
pub(crate) struct Orders {
    client: Client,
    table: String,
    customer_index: String,
}

impl Orders {
    pub(crate) async fn open(connection: &Connection) -> anyhow::Result<Self> {
        Ok(Self {
            client: connection.dynamodb().await?,
            table: connection.resource(Resource::OrdersTableName).await?,
            customer_index: connection.resource(Resource::CustomerIndexName).await?,
        })
    }

    /// The orders of a customer, and those whose erasure was interrupted.
    pub(crate) async fn of_customer(&self, customer: &CustomerId) -> anyhow::Result<BTreeSet<OrderId>> {
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(&self.customer_index);
        let items: Vec<Item> = call
            .key_condition_expression(format!("{} = :customer", attribute::CUSTOMER_ID))
            .expression_attribute_values(":customer", AttributeValue::S(customer.as_str().to_owned()))
            .projection_expression(attribute::ORDER_ID)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<_, _>>()
            .await
            .with_context(|| format!("the orders in {} cannot be read", self.table))?;
        Ok(items.iter().filter_map(order_id).collect())
    }

    /// Reads the rows of the orders, each with its order. A tombstone is no row.
    pub(crate) fn rows(
        &self,
        orders: &BTreeSet<OrderId>,
    ) -> impl Stream<Item = anyhow::Result<(OrderId, Item)>> {
        let reads = orders.iter().map(async |order| {
            let call = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(key(*order)));
            let read = call.consistent_read(true).send().await;
            let read = read.with_context(|| format!("{} cannot be read", self.table))?;
            let row = read.item.filter(|item| !item.contains_key(attribute::ERASED_AT));
            anyhow::Ok(row.map(|row| (*order, row)))
        });
        let found = stream::iter(reads).buffered(IN_FLIGHT);
        found.try_filter_map(async |found| Ok(found))
    }

    /// Puts a tombstone in the place of each order, whether there is a row or not. One that is there stays as it is, and keeps its
    /// time. Returns how many are new.
    pub(crate) async fn put_tombstones(
        &self,
        orders: &BTreeSet<OrderId>,
        subject: &Subject,
    ) -> anyhow::Result<u64> {
        let erased_at = Timestamp::new(OffsetDateTime::now_utc());
        let puts = orders.iter().map(async |order_id| {
            let tombstone = Tombstone {
                order_id: *order_id,
                erased_at,
                erasing: subject.customer().cloned(),
            };
            let item = tombstone.to_attributes();
            let item = item.iter().map(|(name, value)| (name.clone(), from_json(value)));
            let put = self.client.put_item().table_name(&self.table);
            let put = put
                .set_item(Some(item.collect()))
                .condition_expression(format!("attribute_not_exists({})", attribute::ERASED_AT));
            match put.send().await {
                Ok(_) => Ok(1),
                Err(error)
                    if error
                        .as_service_error()
                        .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
                {
                    Ok(0)
                }
                Err(error) => Err(error).with_context(|| format!("order {order_id} was not erased")),
            }
        });
        let new: Vec<u64> = stream::iter(puts).buffered(IN_FLIGHT).try_collect().await?;
        Ok(new.iter().sum())
    }

    /// Takes the customer out of the tombstones: all else is gone.
    pub(crate) async fn forget_customer(&self, orders: &BTreeSet<OrderId>) -> anyhow::Result<()> {
        let names = [attribute::CUSTOMER_ID, attribute::ACCEPTED_AT].join(", ");
        let forget = orders.iter().map(async |order_id| {
            let update = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(key(*order_id)));
            let update = update
                .update_expression(format!("REMOVE {names}"))
                // Never anything but a tombstone.
                .condition_expression(format!("attribute_exists({})", attribute::ERASED_AT));
            update
                .send()
                .await
                .map(drop)
                .with_context(|| format!("the tombstone of order {order_id} still has its customer"))
        });
        stream::iter(forget).buffered(IN_FLIGHT).try_collect().await
    }
}
