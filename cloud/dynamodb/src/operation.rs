//! The operations: each reads its typed request, calls the engine, and writes its typed answer.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cloud_billing::dynamodb::Capacity;
use dynoxide::actions;
use dynoxide::actions::batch_execute_statement::BatchExecuteStatementRequest;
use dynoxide::actions::execute_statement::ExecuteStatementRequest;
use dynoxide::actions::execute_transaction::ExecuteTransactionRequest;
use dynoxide::errors::DynoxideError;
use dynoxide::storage::Storage;
use serde::Serialize;

use crate::capacity;
use crate::request::decode;
use crate::source::Tables;

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

/// The effect of an operation on the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It reads items.
    ReadsItems,
    /// It writes items, and can share its transaction with others.
    WritesItems,
    /// It changes the definition of a table.
    ChangesTables,
    /// Anything else.
    Other,
}

/// Whether an operation changes rows or tables.
pub(crate) fn is_write(operation: &str) -> bool {
    WRITES.contains(&operation)
}

/// Returns what an operation does.
pub(crate) fn effect(operation: &str) -> Effect {
    match operation {
        "BatchGetItem" | "GetItem" | "Query" | "Scan" => Effect::ReadsItems,
        "BatchExecuteStatement"
        | "BatchWriteItem"
        | "DeleteItem"
        | "ExecuteStatement"
        | "PutItem"
        | "UpdateItem" => Effect::WritesItems,
        "CreateTable" | "DeleteTable" | "UpdateTable" | "UpdateTimeToLive" => Effect::ChangesTables,
        _ => Effect::Other,
    }
}

/// An outcome and the capacity that was consumed.
pub(crate) type Performed = (Outcome, Capacity);

/// Performs an operation.
pub(crate) fn perform(tables: &Tables, operation: &str, body: &str) -> Performed {
    let mut consumed = Capacity::default();
    let (database, items) = (&tables.database, tables.items.storage());
    // A call of the engine: about items, or about the whole database.
    macro_rules! engine {
        (items, $method:ident, $request:expr) => {
            ready(actions::$method::execute(items, $request))
        };
        (database, $method:ident, $request:expr) => {
            database.$method($request)
        };
    }
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
        ($on:ident.$method:ident($request:ident), $is_write:expr) => {
            metered!($on.$method($request), $is_write, |_: &mut _| true)
        };
        ($on:ident.$method:ident($request:ident), $is_write:expr, $ask_for_item:expr) => {
            decode(body).map(|request| {
                request.and_then(|mut request: actions::$method::$request| {
                    let is_write = $is_write(&request);
                    let returns_item = $ask_for_item(&mut request);
                    let is_asked = capacity::ask(&mut request.return_consumed_capacity);
                    let mut answer = engine!($on, $method, request).map_err(|error| {
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
                items.$method($request),
                |_: &_| true,
                |request: &mut actions::$method::$request| capacity::ask_for_item(
                    &mut request.return_values_on_condition_check_failure
                )
            )
        };
    }
    let answer = match operation {
        "BatchExecuteStatement" => return batch_execute_statement(items, body),
        "BatchGetItem" => metered!(items.batch_get_item(BatchGetItemRequest), |_: &_| false),
        "BatchWriteItem" => metered!(items.batch_write_item(BatchWriteItemRequest), |_: &_| true),
        "CreateTable" => call!(create_table),
        "DeleteItem" => conditional!(delete_item(DeleteItemRequest)),
        "DeleteTable" => call!(delete_table),
        "DescribeStream" => call!(describe_stream),
        "DescribeTable" => call!(describe_table),
        "DescribeTimeToLive" => call!(describe_time_to_live),
        "ExecuteStatement" => metered!(items.execute_statement(ExecuteStatementRequest), statement_writes),
        "ExecuteTransaction" => metered!(
            database.execute_transaction(ExecuteTransactionRequest),
            a_statement_writes
        ),
        "GetItem" => metered!(items.get_item(GetItemRequest), |_: &_| false),
        "GetRecords" => call!(get_records),
        "GetShardIterator" => call!(get_shard_iterator),
        "ListStreams" => call!(list_streams),
        "ListTables" => call!(list_tables),
        "ListTagsOfResource" => call!(list_tags_of_resource),
        "PutItem" => conditional!(put_item(PutItemRequest)),
        "Query" => metered!(items.query(QueryRequest), |_: &_| false),
        "Scan" => metered!(items.scan(ScanRequest), |_: &_| false),
        "SearchVectors" => call!(search_vectors),
        "TagResource" => call!(tag_resource),
        "TransactGetItems" => metered!(database.transact_get_items(TransactGetItemsRequest), |_: &_| {
            false
        }),
        "TransactWriteItems" => metered!(
            database.transact_write_items(TransactWriteItemsRequest),
            |_: &_| true
        ),
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

fn statement_writes(request: &ExecuteStatementRequest) -> bool {
    capacity::writes(&request.statement)
}

fn a_statement_writes(request: &ExecuteTransactionRequest) -> bool {
    let mut statements = request.transact_statements.iter();
    statements.any(|statement| capacity::writes(&statement.statement))
}

/// Every statement succeeds or fails alone, so the call succeeds even if the engine failed at a statement.
fn batch_execute_statement(items: &Storage, body: &str) -> Performed {
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
        let mut answer = ready(actions::batch_execute_statement::execute(items, request))?;
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

/// The result of one of the engine's futures. Over SQLite they never wait.
fn ready<T>(action: impl Future<Output = Result<T, DynoxideError>>) -> Result<T, DynoxideError> {
    match pin!(action).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => {
            let text = "the engine waits, which it never does over SQLite";
            Err(DynoxideError::InternalServerError(text.to_owned()))
        }
    }
}

fn encode(answer: &impl Serialize) -> Result<String, DynoxideError> {
    serde_json::to_string(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
