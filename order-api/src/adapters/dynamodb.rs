//! The table of orders, on DynamoDB.

use std::collections::HashMap;
use std::str::FromStr;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use order_core::row::{Attributes, RowError, attribute};
use order_core::{OrderId, OrderRow};
use serde_json::Value;

use super::attribute_value::attributes;
use super::causes;
use crate::ports::{Acceptance, OrderTable, TableError};

/// Reads one DynamoDB table. Needs `dynamodb:GetItem`.
#[derive(Debug, Clone)]
pub struct DynamoDbOrderTable {
    client: Client,
    table: String,
}

impl DynamoDbOrderTable {
    /// The table of this name.
    #[must_use]
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self {
            client: Client::new(sdk),
            table,
        }
    }
}

impl OrderTable for DynamoDbOrderTable {
    async fn order(&self, id: OrderId) -> Result<Option<OrderRow>, TableError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(attribute::ORDER_ID, key(id))
            .consistent_read(true);
        let item = call
            .send()
            .await
            .map_err(|error| TableError::Unavailable(causes(&error)))?
            .item;
        Ok(item
            .map(|item| OrderRow::from_attributes(&attributes(item)))
            .transpose()?)
    }

    async fn acceptance(&self, id: OrderId) -> Result<Option<Acceptance>, TableError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(attribute::ORDER_ID, key(id))
            .consistent_read(true)
            .projection_expression(format!("{}, {}", attribute::FINGERPRINT, attribute::ACCEPTED_AT))
            .customize()
            .config_override(Config::builder().retry_config(RetryConfig::disabled()));
        let item = call
            .send()
            .await
            .map_err(|error| TableError::Unavailable(causes(&error)))?
            .item;
        Ok(item.map(acceptance).transpose()?)
    }
}

fn key(id: OrderId) -> AttributeValue {
    AttributeValue::S(id.to_string())
}

fn acceptance(item: HashMap<String, AttributeValue>) -> Result<Acceptance, RowError> {
    let attributes = attributes(item);
    Ok(Acceptance {
        fingerprint: parsed(&attributes, attribute::FINGERPRINT)?,
        accepted_at: parsed(&attributes, attribute::ACCEPTED_AT)?,
    })
}

fn parsed<T: FromStr<Err: ToString>>(
    attributes: &Attributes,
    attribute: &'static str,
) -> Result<T, RowError> {
    let text = attributes
        .get(attribute)
        .and_then(Value::as_str)
        .unwrap_or_default();
    text.parse().map_err(|error: T::Err| RowError {
        attribute,
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
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
        let read = acceptance(item(&fingerprint)).unwrap();
        assert_eq!(read.fingerprint.to_string(), fingerprint);
        assert_eq!(read.accepted_at.to_string(), "2026-11-23T09:35:00.123Z");
        // A later version's fingerprint is not guessed at.
        assert_eq!(
            acceptance(item("v2:00")).unwrap_err().attribute,
            attribute::FINGERPRINT
        );
        assert_eq!(
            acceptance(HashMap::new()).unwrap_err().attribute,
            attribute::FINGERPRINT
        );
    }
}
