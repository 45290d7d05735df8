//! The operations: each reads its typed request, calls the engine, and writes its typed answer.

use cloud_billing::dynamodb::Capacity;
use dynoxide::actions::batch_execute_statement::BatchExecuteStatementRequest;
use dynoxide::errors::DynoxideError;
use dynoxide::{Database, actions};
use serde::Serialize;

use crate::capacity;
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

/// Performs an operation. Returns its outcome and the capacity that it consumed.
pub(crate) fn perform(database: &Database, operation: &str, body: &str) -> (Outcome, Capacity) {
    let mut consumed = Capacity::default();
    macro_rules! call {
        ($method:ident) => {
            decode(body).map(|request| {
                request
                    .and_then(|request| database.$method(request))
                    .and_then(|answer| encode(&answer))
            })
        };
    }
    // An operation that consumes capacity, and whether it writes. The last argument asks for the item at which a condition fails, and says
    // whether the client asked for it.
    macro_rules! metered {
        ($method:ident($request:ident), $is_write:expr) => {
            metered!($method($request), $is_write, |_: &mut _| true)
        };
        ($method:ident($request:ident), $is_write:expr, $ask_for_item:expr) => {
            decode(body).map(|request| {
                request.and_then(|mut request: actions::$method::$request| {
                    let is_write = $is_write(&request);
                    let returns_item = $ask_for_item(&mut request);
                    let is_asked = capacity::ask(&mut request.return_consumed_capacity);
                    let mut answer = database.$method(request).map_err(|error| {
                        consumed = capacity::of_failure(&error);
                        capacity::as_asked(error, returns_item)
                    })?;
                    consumed = capacity::of(answer.consumed_capacity.as_ref(), is_write);
                    if !is_asked {
                        answer.consumed_capacity = None;
                    }
                    encode(&answer)
                })
            })
        };
    }
    // A write of one item, whose failed condition consumes capacity by the item that is there.
    macro_rules! conditional {
        ($method:ident($request:ident)) => {
            metered!(
                $method($request),
                |_: &_| true,
                |request: &mut actions::$method::$request| capacity::ask_for_item(
                    &mut request.return_values_on_condition_check_failure
                )
            )
        };
    }
    let answer = match operation {
        "BatchExecuteStatement" => return batch_execute_statement(database, body),
        "BatchGetItem" => metered!(batch_get_item(BatchGetItemRequest), |_: &_| false),
        "BatchWriteItem" => metered!(batch_write_item(BatchWriteItemRequest), |_: &_| true),
        "CreateTable" => call!(create_table),
        "DeleteItem" => conditional!(delete_item(DeleteItemRequest)),
        "DeleteTable" => call!(delete_table),
        "DescribeStream" => call!(describe_stream),
        "DescribeTable" => call!(describe_table),
        "DescribeTimeToLive" => call!(describe_time_to_live),
        "ExecuteStatement" => metered!(
            execute_statement(ExecuteStatementRequest),
            |request: &actions::execute_statement::ExecuteStatementRequest| capacity::writes(
                &request.statement
            )
        ),
        "ExecuteTransaction" => metered!(
            execute_transaction(ExecuteTransactionRequest),
            |request: &actions::execute_transaction::ExecuteTransactionRequest| {
                let mut statements = request.transact_statements.iter();
                statements.any(|statement| capacity::writes(&statement.statement))
            }
        ),
        "GetItem" => metered!(get_item(GetItemRequest), |_: &_| false),
        "GetRecords" => call!(get_records),
        "GetShardIterator" => call!(get_shard_iterator),
        "ListStreams" => call!(list_streams),
        "ListTables" => call!(list_tables),
        "ListTagsOfResource" => call!(list_tags_of_resource),
        "PutItem" => conditional!(put_item(PutItemRequest)),
        "Query" => metered!(query(QueryRequest), |_: &_| false),
        "Scan" => metered!(scan(ScanRequest), |_: &_| false),
        "SearchVectors" => call!(search_vectors),
        "TagResource" => call!(tag_resource),
        "TransactGetItems" => metered!(transact_get_items(TransactGetItemsRequest), |_: &_| false),
        "TransactWriteItems" => metered!(transact_write_items(TransactWriteItemsRequest), |_: &_| true),
        "UntagResource" => call!(untag_resource),
        "UpdateItem" => conditional!(update_item(UpdateItemRequest)),
        "UpdateTable" => call!(update_table),
        "UpdateTimeToLive" => call!(update_time_to_live),
        _ => return (Outcome::Unknown, consumed),
    };
    let outcome = match answer {
        None => Outcome::NotJson,
        Some(Ok(answer)) => Outcome::Done(answer, None),
        Some(Err(error)) => Outcome::Failed(in_its_form(operation, error)),
    };
    (outcome, consumed)
}

/// Every statement succeeds or fails alone, so the call succeeds even if the engine failed at a statement.
fn batch_execute_statement(database: &Database, body: &str) -> (Outcome, Capacity) {
    let Some(request) = decode(body) else {
        return (Outcome::NotJson, Capacity::default());
    };
    let mut consumed = Capacity::default();
    let answer = request.and_then(|mut request: BatchExecuteStatementRequest| {
        let is_write = request
            .statements
            .iter()
            .any(|statement| capacity::writes(&statement.statement));
        let is_asked = capacity::ask(&mut request.return_consumed_capacity);
        let mut answer = database.batch_execute_statement(request)?;
        consumed = capacity::of(answer.consumed_capacity.as_ref(), is_write);
        if !is_asked {
            answer.consumed_capacity = None;
        }
        Ok(answer)
    });
    let encoded = answer.and_then(|answer| {
        let failure = answer
            .responses
            .iter()
            .filter_map(|response| response.error.as_ref())
            .find(|error| error.code == "InternalServerError")
            .map(|error| error.message.clone());
        Ok((encode(&answer)?, failure))
    });
    let outcome = match encoded {
        Ok((answer, failure)) => Outcome::Done(answer, failure),
        Err(error) => Outcome::Failed(in_its_form("BatchExecuteStatement", error)),
    };
    (outcome, consumed)
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
