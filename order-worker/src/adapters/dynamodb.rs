//! The table of orders in DynamoDB.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, KeysAndAttributes};
use function_runtime::aws::{call_error, unsendable};
use function_runtime::call_error::code;
use function_runtime::{Answers, CallError};
use order_core::{OrderId, Timestamp};
use order_table::attribute_value::{from_json, key, order_id, to_attributes};
use order_table::{Attributes, OrderStatus, attribute};

use super::Aws;
use crate::ports::{Read, Table};

/// The error of an item that exists.
pub(super) const DUPLICATE: &str = "DuplicateItem";

/// The error of an update whose condition does not hold.
const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// Fails with [`CONDITION_FAILED`] on a cancelled row, on a tombstone, and without an item: a `PartiQL` `UPDATE` never creates one. So
/// `cancelled_at` is written once.
fn cancel_statement(table: &str) -> String {
    let [cancelled_at, status, key, erased_at] = [
        attribute::CANCELLED_AT,
        attribute::STATUS,
        attribute::ORDER_ID,
        attribute::ERASED_AT,
    ];
    format!(
        r#"UPDATE "{table}" SET "{cancelled_at}"=? SET "{status}"=? WHERE "{key}"=? AND "{cancelled_at}" IS MISSING AND "{erased_at}" IS MISSING"#
    )
}

/// A `PartiQL` `INSERT` fails with `DuplicateItem` if the key exists. The function's role has no permission that could turn
/// it into an overwrite. Values are parameters; names are constants of the row.
fn insert_statement(table: &str, row: &Attributes) -> String {
    let fields: Vec<String> = row.keys().map(|name| format!("'{name}': ?")).collect();
    format!("INSERT INTO \"{table}\" VALUE {{{}}}", fields.join(", "))
}

/// Inserts up to 25 items of distinct keys, each on its own. One that exists fails with [`DUPLICATE`].
pub(super) async fn insert_batch(client: &Client, table: &str, rows: &[&Attributes]) -> Answers {
    let mut statements = Vec::with_capacity(rows.len());
    for row in rows {
        let statement = BatchStatementRequest::builder()
            .statement(insert_statement(table, row))
            .set_parameters(Some(row.values().map(from_json).collect()))
            .build()
            .map_err(unsendable)?;
        statements.push(statement);
    }
    execute(client, statements).await
}

/// Executes statements, each on its own.
async fn execute(client: &Client, statements: Vec<BatchStatementRequest>) -> Answers {
    let count = statements.len();
    let request = client.batch_execute_statement().set_statements(Some(statements));
    let answer = request.send().await.map_err(|error| call_error(&error))?;
    let mut responses = answer.responses.unwrap_or_default().into_iter();
    let answers = (0..count).map(|_| match responses.next() {
        None => Err(CallError::new(code::NO_ANSWER)),
        Some(response) => match response.error {
            None => Ok(()),
            Some(error) => match error.code {
                Some(code) => Err(CallError::new(code.as_str().to_owned())),
                None => Err(CallError::new(code::UNKNOWN_ERROR)),
            },
        },
    });
    Ok(answers.collect())
}

impl Table for Aws {
    async fn insert_batch(&self, rows: &[&Attributes]) -> Answers {
        insert_batch(&self.dynamodb, &self.config.orders_table, rows).await
    }

    async fn cancel_batch(&self, ids: &[OrderId], cancelled_at: Timestamp) -> Answers {
        let statement = cancel_statement(&self.config.orders_table);
        let cancel = |id: &OrderId| {
            let parameters = [
                cancelled_at.to_string(),
                OrderStatus::Cancelled.as_str().to_owned(),
                id.to_string(),
            ];
            BatchStatementRequest::builder()
                .statement(&statement)
                .set_parameters(Some(parameters.map(AttributeValue::S).to_vec()))
                .build()
                .map_err(unsendable)
        };
        let statements = ids.iter().map(cancel).collect::<Result<Vec<_>, CallError>>()?;
        let answers = execute(&self.dynamodb, statements).await?;
        let unchanged = |answer: Result<(), CallError>| match answer {
            Err(error) if error.code == CONDITION_FAILED => Ok(()),
            answer => answer,
        };
        Ok(answers.into_iter().map(unchanged).collect())
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, CallError> {
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().copied().map(key).collect()))
            .consistent_read(true)
            .build()
            .map_err(unsendable)?;
        let request = self
            .dynamodb
            .batch_get_item()
            .request_items(&self.config.orders_table, keys);
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        let rows = answer
            .responses
            .unwrap_or_default()
            .into_values()
            .flatten()
            .map(to_attributes)
            .collect();
        let unprocessed = answer
            .unprocessed_keys
            .unwrap_or_default()
            .into_values()
            .flat_map(|keys| keys.keys);
        Ok(Read {
            rows,
            unprocessed: unprocessed.filter_map(|key| order_id(&key)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_cancelled_once() {
        assert_eq!(
            cancel_statement("orders"),
            r#"UPDATE "orders" SET "cancelled_at"=? SET "status"=? WHERE "order_id"=? AND "cancelled_at" IS MISSING AND "erased_at" IS MISSING"#
        );
    }

    #[test]
    fn the_statement_names_attributes_and_holds_no_value() {
        let row = Attributes::from([("b".to_owned(), json!("secret")), ("a".to_owned(), json!(1))]);
        assert_eq!(
            insert_statement("orders", &row),
            "INSERT INTO \"orders\" VALUE {'a': ?, 'b': ?}"
        );
    }
}
