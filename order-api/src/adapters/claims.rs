//! The table of claims, on DynamoDB.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementErrorCodeEnum, BatchStatementRequest, BatchStatementResponse,
    KeysAndAttributes,
};
use futures_util::future::join_all;
use order_core::{OrderId, Timestamp};
use order_table::attribute_value::{failed_key, from_json, key, to_attributes};
use order_table::{Claim, FailedOrder, attribute, parsed, text};

use super::calls::{DynamoDbClients, unavailable};
use crate::ports::{ClaimTable, Claimed, TableError, Unstored};

/// The most statements of one call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchExecuteStatement.html>
const MAX_STATEMENTS: usize = 25;

/// Claims keys in one DynamoDB table. It needs `dynamodb:PartiQLInsert`, `dynamodb:PartiQLUpdate` and `dynamodb:BatchGetItem`
/// on it. None of them can overwrite the content of a claim that is there, except by a statement that says so.
#[derive(Debug, Clone)]
pub struct DynamoDbClaimTable {
    clients: DynamoDbClients,
    table: String,
    retention: Duration,
}

impl DynamoDbClaimTable {
    /// The table of this name. DynamoDB deletes a claim some time after `retention`.
    #[must_use]
    pub fn new(sdk: &SdkConfig, table: String, retention: Duration) -> Self {
        Self {
            clients: DynamoDbClients::new(sdk),
            table,
            retention,
        }
    }

    /// An `INSERT` fails with `DuplicateItem` if the key exists: it is a conditional write. One write unit for each claim.
    async fn insert(&self, claims: &[Claim]) -> Vec<Result<Inserted, TableError>> {
        let statements: Result<Vec<_>, _> = claims.iter().map(|claim| self.insertion(claim)).collect();
        let responses = match statements {
            Ok(statements) => self.execute(statements).await,
            Err(error) => Err(unavailable(&error)),
        };
        match responses {
            Ok(responses) => {
                let mut responses = responses.into_iter();
                claims.iter().map(|_| inserted(responses.next())).collect()
            }
            Err(error) => vec![Err(error); claims.len()],
        }
    }

    fn insertion(&self, claim: &Claim) -> Result<BatchStatementRequest, BuildError> {
        let attributes = claim.to_attributes(self.retention);
        let fields: Vec<String> = attributes.keys().map(|name| format!("'{name}': ?")).collect();
        BatchStatementRequest::builder()
            .statement(format!(
                "INSERT INTO \"{}\" VALUE {{{}}}",
                self.table,
                fields.join(", ")
            ))
            .set_parameters(Some(attributes.values().map(from_json).collect()))
            .build()
    }

    /// Runs one `UPDATE` for each order: an `UPDATE` never creates an item. `parameters` come before the order's id.
    async fn update(
        &self,
        ids: &[OrderId],
        change: &str,
        parameters: &[AttributeValue],
    ) -> Result<(), TableError> {
        let statement = format!(
            "UPDATE \"{}\" {change} WHERE {} = ?",
            self.table,
            attribute::ORDER_ID
        );
        let calls = ids.chunks(MAX_STATEMENTS).map(|ids| {
            let statements = ids.iter().map(|id| {
                let id = AttributeValue::S(id.to_string());
                BatchStatementRequest::builder()
                    .statement(&statement)
                    .set_parameters(Some(parameters.iter().cloned().chain([id]).collect()))
                    .build()
            });
            let statements: Result<Vec<_>, _> = statements.collect();
            async move {
                let statements = statements.map_err(|error| unavailable(&error))?;
                let failed = self
                    .execute(statements)
                    .await?
                    .into_iter()
                    .find_map(|response| response.error);
                failed.map_or(Ok(()), |error| Err(refused(error.code)))
            }
        });
        join_all(calls).await.into_iter().collect()
    }

    async fn execute(
        &self,
        statements: Vec<BatchStatementRequest>,
    ) -> Result<Vec<BatchStatementResponse>, TableError> {
        let call = self
            .clients
            .one_attempt
            .batch_execute_statement()
            .set_statements(Some(statements));
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        Ok(answer.responses.unwrap_or_default())
    }

    /// The claims that are there. Those that the table left out of its answer are missing.
    async fn read(&self, ids: &[OrderId]) -> Result<HashMap<OrderId, Result<Claim, TableError>>, TableError> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().copied().map(key).collect()))
            .consistent_read(true)
            .build()
            .map_err(|error| unavailable(&error))?;
        let call = self
            .clients
            .one_attempt
            .batch_get_item()
            .request_items(&self.table, keys);
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        let items = answer.responses.unwrap_or_default().into_values().flatten();
        Ok(items
            .map(to_attributes)
            .filter_map(|attributes| {
                let order_id = parsed(&attributes, attribute::ORDER_ID).ok()?;
                Some((order_id, Claim::from_attributes(&attributes).map_err(Into::into)))
            })
            .collect())
    }
}

/// The answer to an `INSERT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inserted {
    New,
    Duplicate,
}

impl ClaimTable for DynamoDbClaimTable {
    async fn claim(&self, claims: &[Claim]) -> Vec<Result<Claimed, TableError>> {
        let calls = claims.chunks(MAX_STATEMENTS).map(|claims| self.insert(claims));
        let inserted = join_all(calls).await.concat();
        let duplicates: Vec<OrderId> = claims
            .iter()
            .zip(&inserted)
            .filter(|(_, inserted)| matches!(inserted, Ok(Inserted::Duplicate)))
            .map(|(claim, _)| claim.order_id)
            .collect();
        let mut read = if duplicates.is_empty() {
            Ok(HashMap::new())
        } else {
            self.read(&duplicates).await
        };
        let mut before = |id: OrderId| match &mut read {
            Ok(claims) => claims
                .remove(&id)
                .unwrap_or_else(|| Err(TableError::Unavailable("the claim was not returned".to_owned()))),
            Err(error) => Err(error.clone()),
        };
        claims
            .iter()
            .zip(inserted)
            .map(|(claim, inserted)| match inserted? {
                Inserted::New => Ok(Claimed::First),
                Inserted::Duplicate => before(claim.order_id).map(Claimed::Before),
            })
            .collect()
    }

    async fn release(&self, ids: &[OrderId], now: Timestamp) -> Result<(), TableError> {
        let change = format!("SET {} = ?", attribute::RELEASED_AT);
        self.update(ids, &change, &[AttributeValue::S(now.to_string())])
            .await
    }

    async fn resume(&self, ids: &[OrderId]) -> Result<(), TableError> {
        let change = format!("REMOVE {}", attribute::RELEASED_AT);
        self.update(ids, &change, &[]).await
    }

    async fn unstored(&self, id: OrderId) -> Result<Unstored, TableError> {
        let keys = KeysAndAttributes::builder()
            .keys(key(id))
            .keys(failed_key(id))
            .consistent_read(true)
            .build()
            .map_err(|error| unavailable(&error))?;
        let call = self
            .clients
            .repeating
            .batch_get_item()
            .request_items(&self.table, keys);
        let answer = call.send().await.map_err(|error| unavailable(&error))?;
        if answer.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(TableError::Unavailable("the table is too busy".to_owned()));
        }
        let mut unstored = Unstored::default();
        for item in answer.responses.unwrap_or_default().into_values().flatten() {
            let attributes = to_attributes(item);
            if text(&attributes, attribute::ORDER_ID)? == id.to_string() {
                unstored.claim = Some(Claim::from_attributes(&attributes)?);
            } else {
                unstored.failure = Some(FailedOrder::from_attributes(&attributes)?);
            }
        }
        Ok(unstored)
    }
}

fn inserted(response: Option<BatchStatementResponse>) -> Result<Inserted, TableError> {
    let Some(response) = response else {
        return Err(TableError::Unavailable("no answer to a claim".to_owned()));
    };
    match response.error.map(|error| error.code) {
        None => Ok(Inserted::New),
        Some(Some(BatchStatementErrorCodeEnum::DuplicateItem)) => Ok(Inserted::Duplicate),
        Some(code) => Err(refused(code)),
    }
}

fn refused(code: Option<BatchStatementErrorCodeEnum>) -> TableError {
    let code = code.map_or_else(|| "unknown".to_owned(), |code| code.as_str().to_owned());
    TableError::Unavailable(code)
}
