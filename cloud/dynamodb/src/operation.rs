//! The operations: each reads its typed request, calls the engine, and writes its typed answer.

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use serde::Serialize;

use crate::request::decode;

/// The operations that change rows or tables. Their success shows that commits work.
const WRITES: [&str; 14] = [
    "BatchExecuteStatement",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "ExecuteStatement",
    "ExecuteTransaction",
    "PutItem",
    "TagResource",
    "TransactWriteItems",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];

/// The outcome of an operation.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The answer's JSON, and the engine's own failure of a statement within it.
    Done(String, Option<String>),
    /// The engine's error.
    Failed(DynoxideError),
    /// The request's body is no JSON. DynamoDB answers without a message.
    NotJson,
    /// The engine does not have this operation.
    Unknown,
}

/// Whether an operation changes rows or tables.
pub(crate) fn is_write(operation: &str) -> bool {
    WRITES.contains(&operation)
}

/// Performs an operation.
pub(crate) fn perform(database: &Database, operation: &str, body: &str) -> Outcome {
    macro_rules! call {
        ($method:ident) => {
            decode(body).map(|request| {
                request
                    .and_then(|request| database.$method(request))
                    .and_then(|answer| encode(&answer))
            })
        };
    }
    let answer = match operation {
        "BatchExecuteStatement" => return batch_execute_statement(database, body),
        "BatchGetItem" => call!(batch_get_item),
        "BatchWriteItem" => call!(batch_write_item),
        "CreateTable" => call!(create_table),
        "DeleteItem" => call!(delete_item),
        "DeleteTable" => call!(delete_table),
        "DescribeStream" => call!(describe_stream),
        "DescribeTable" => call!(describe_table),
        "DescribeTimeToLive" => call!(describe_time_to_live),
        "ExecuteStatement" => call!(execute_statement),
        "ExecuteTransaction" => call!(execute_transaction),
        "GetItem" => call!(get_item),
        "GetRecords" => call!(get_records),
        "GetShardIterator" => call!(get_shard_iterator),
        "ListStreams" => call!(list_streams),
        "ListTables" => call!(list_tables),
        "ListTagsOfResource" => call!(list_tags_of_resource),
        "PutItem" => call!(put_item),
        "Query" => call!(query),
        "Scan" => call!(scan),
        "SearchVectors" => call!(search_vectors),
        "TagResource" => call!(tag_resource),
        "TransactGetItems" => call!(transact_get_items),
        "TransactWriteItems" => call!(transact_write_items),
        "UntagResource" => call!(untag_resource),
        "UpdateItem" => call!(update_item),
        "UpdateTable" => call!(update_table),
        "UpdateTimeToLive" => call!(update_time_to_live),
        _ => return Outcome::Unknown,
    };
    match answer {
        None => Outcome::NotJson,
        Some(Ok(answer)) => Outcome::Done(answer, None),
        Some(Err(error)) => Outcome::Failed(in_its_form(operation, error)),
    }
}

/// Every statement succeeds or fails alone, so the call succeeds even if the engine failed at a statement.
fn batch_execute_statement(database: &Database, body: &str) -> Outcome {
    let answer = match decode(body) {
        None => return Outcome::NotJson,
        Some(request) => request.and_then(|request| database.batch_execute_statement(request)),
    };
    let encoded = answer.and_then(|answer| {
        let failure = answer
            .responses
            .iter()
            .filter_map(|response| response.error.as_ref())
            .find(|error| error.code == "InternalServerError")
            .map(|error| error.message.clone());
        Ok((encode(&answer)?, failure))
    });
    match encoded {
        Ok((answer, failure)) => Outcome::Done(answer, failure),
        Err(error) => Outcome::Failed(in_its_form("BatchExecuteStatement", error)),
    }
}

/// `ExecuteStatement` writes a failed condition that returns its item in a shape of its own. `PutItem`, `UpdateItem` and
/// `DeleteItem` wrap what a request's validation finds.
fn in_its_form(operation: &str, error: DynoxideError) -> DynoxideError {
    match (operation, error) {
        ("ExecuteStatement", DynoxideError::ConditionalCheckFailedException(message, Some(item))) => {
            DynoxideError::StatementConditionalCheckFailed(message, item)
        }
        ("PutItem" | "UpdateItem" | "DeleteItem", DynoxideError::EnvelopedValidation(message)) => {
            DynoxideError::ValidationException(format!("1 validation error detected: {message}"))
        }
        (_, DynoxideError::EnvelopedValidation(message)) => DynoxideError::ValidationException(message),
        (_, error) => error,
    }
}

fn encode(answer: &impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
