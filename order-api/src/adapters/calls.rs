//! Calls to DynamoDB that both tables make alike.

use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use order_core::OrderId;
use order_table::Attributes;
use order_table::attribute_value::{key, to_attributes};
use rest_function::causes;

use crate::ports::TableError;

/// Reads the item of an order, with every write that was acknowledged before.
pub(super) async fn read_item(
    client: &Client,
    table: &str,
    id: OrderId,
) -> Result<Option<Attributes>, TableError> {
    let call = client
        .get_item()
        .table_name(table)
        .set_key(Some(key(id)))
        .consistent_read(true);
    let answer = call.send().await.map_err(|error| unavailable(&error))?;
    Ok(answer.item.map(to_attributes))
}

/// A call that only gives an early answer is not repeated.
pub(super) fn one_attempt() -> aws_sdk_dynamodb::config::Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

pub(super) fn unavailable(error: &dyn Error) -> TableError {
    TableError::Unavailable(causes(error))
}
