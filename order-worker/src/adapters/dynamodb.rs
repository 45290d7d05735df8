//! The table of orders in DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, KeysAndAttributes};
use order_core::OrderId;
use order_core::row::{Attributes, attribute};
use queue_consumer::adapters::refusal::{refusal, unsendable};
use queue_consumer::refusal::{Answers, Refusal, code};

use super::Aws;
use super::attribute_value::{from_json, to_attributes};
use crate::ports::{Read, Table};

/// A `PartiQL` `INSERT` fails with `DuplicateItem` where the key exists: a conditional put that its role cannot turn
/// into an overwrite. Values are parameters; names are constants of the row.
fn insert_statement(table: &str, row: &Attributes) -> String {
    let fields: Vec<String> = row.keys().map(|name| format!("'{name}': ?")).collect();
    format!("INSERT INTO \"{table}\" VALUE {{{}}}", fields.join(", "))
}

impl Table for Aws {
    async fn insert_batch(&self, rows: &[&Attributes]) -> Answers {
        let mut statements = Vec::with_capacity(rows.len());
        for row in rows {
            let statement = BatchStatementRequest::builder()
                .statement(insert_statement(&self.config.orders_table, row))
                .set_parameters(Some(row.values().map(from_json).collect()))
                .build()
                .map_err(unsendable)?;
            statements.push(statement);
        }
        let request = self
            .dynamodb
            .batch_execute_statement()
            .set_statements(Some(statements));
        let answer = request.send().await.map_err(|error| refusal(&error))?;
        let mut responses = answer.responses.unwrap_or_default().into_iter();
        let answers = rows.iter().map(|_| match responses.next() {
            None => Err(Refusal::new(code::NO_ANSWER)),
            Some(response) => match response.error {
                None => Ok(()),
                Some(error) => match error.code {
                    Some(code) => Err(Refusal::new(code.as_str().to_owned())),
                    None => Err(Refusal::new(code::UNKNOWN_ERROR)),
                },
            },
        });
        Ok(answers.collect())
    }

    async fn read_batch(&self, ids: &[OrderId]) -> Result<Read, Refusal> {
        let key = |id: &OrderId| {
            HashMap::from([(attribute::ORDER_ID.to_owned(), AttributeValue::S(id.to_string()))])
        };
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().map(key).collect()))
            .consistent_read(true)
            .build()
            .map_err(unsendable)?;
        let request = self
            .dynamodb
            .batch_get_item()
            .request_items(&self.config.orders_table, keys);
        let answer = request.send().await.map_err(|error| refusal(&error))?;
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
        let id_of =
            |key: HashMap<String, AttributeValue>| key.get(attribute::ORDER_ID)?.as_s().ok()?.parse().ok();
        Ok(Read {
            rows,
            unprocessed: unprocessed.filter_map(id_of).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_statement_names_attributes_and_holds_no_value() {
        let row = Attributes::from([("b".to_owned(), json!("secret")), ("a".to_owned(), json!(1))]);
        assert_eq!(
            insert_statement("orders", &row),
            "INSERT INTO \"orders\" VALUE {'a': ?, 'b': ?}"
        );
    }
}
