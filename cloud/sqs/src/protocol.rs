//! AWS JSON 1.0: chooses the action, reads its request and writes the answer or the error.
//!
//! Source: AWS Smithy documentation, "AWS JSON 1.0 protocol" and "AWS Query compatible".

use bytes::Bytes;
use cloud_wire::json;
use http::{HeaderValue, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::SqsError;
use crate::ops::{attributes, delete, move_task, permission, queues, receive, send, tags, visibility};
use crate::sender::Sender;
use crate::service::Sqs;

/// Runs the action and returns its JSON answer. `sender` says who sends the messages that the action sends: a
/// [`Sender`], or only its id.
pub async fn call(
    sqs: &Sqs,
    operation: &str,
    body: &[u8],
    sender: impl Into<Sender>,
) -> Result<Value, SqsError> {
    let sender = &sender.into();
    match operation {
        "CreateQueue" => queues::create(sqs, parse(body)?).await,
        "DeleteQueue" => queues::delete(sqs, parse(body)?).await,
        "PurgeQueue" => queues::purge(sqs, parse(body)?).await,
        "GetQueueUrl" => queues::url(sqs, parse(body)?).await,
        "ListQueues" => queues::list(sqs, parse(body)?).await,
        "ListDeadLetterSourceQueues" => queues::list_sources(sqs, parse(body)?).await,
        "GetQueueAttributes" => attributes::get(sqs, parse(body)?).await,
        "SetQueueAttributes" => attributes::set(sqs, parse(body)?).await,
        "SendMessage" => send::send(sqs, parse(body)?, sender).await,
        "SendMessageBatch" => send::send_batch(sqs, parse(body)?, sender).await,
        "ReceiveMessage" => receive::receive_message(sqs, parse(body)?).await,
        "DeleteMessage" => delete::delete(sqs, parse(body)?).await,
        "DeleteMessageBatch" => delete::delete_batch(sqs, parse(body)?).await,
        "ChangeMessageVisibility" => visibility::change(sqs, parse(body)?).await,
        "ChangeMessageVisibilityBatch" => visibility::change_batch(sqs, parse(body)?).await,
        "StartMessageMoveTask" => move_task::start(sqs, parse(body)?).await,
        "ListMessageMoveTasks" => move_task::list(sqs, parse(body)?).await,
        "CancelMessageMoveTask" => move_task::cancel(sqs, parse(body)?).await,
        "TagQueue" => tags::tag(sqs, parse(body)?).await,
        "UntagQueue" => tags::untag(sqs, parse(body)?).await,
        "ListQueueTags" => tags::list(sqs, parse(body)?).await,
        "AddPermission" => permission::add(sqs, parse(body)?).await,
        "RemovePermission" => permission::remove(sqs, parse(body)?).await,
        _ => Err(SqsError::UnknownOperation(operation.to_owned())),
    }
}

/// Parses a request. The error message contains no value of the request, because values may be personal data.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| {
        // serde's message quotes values. Only the name of a missing field is taken from it.
        let message = error.to_string();
        match message
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next())
        {
            Some("QueueUrl") => SqsError::MissingParameter("QueueUrl"),
            Some("Label") => SqsError::MissingParameter("Label"),
            Some("QueueName") => SqsError::MissingParameter("QueueName"),
            Some("ReceiptHandle") => SqsError::MissingParameter("ReceiptHandle"),
            Some("VisibilityTimeout") => SqsError::MissingParameter("VisibilityTimeout"),
            Some("Id") => SqsError::MissingParameter("Id"),
            Some("SourceArn") => SqsError::MissingParameter("SourceArn"),
            Some("TaskHandle") => SqsError::MissingParameter("TaskHandle"),
            _ => SqsError::Serialization(format!(
                "The request does not have the action's shape (line {}, column {}).",
                error.line(),
                error.column()
            )),
        }
    })
}

/// Builds the HTTP response. SDKs read the error code of the older Query protocol from the header
/// `x-amzn-query-error`.
pub fn respond(outcome: Result<Value, SqsError>) -> Response<Bytes> {
    let (status, body, query_error) = match outcome {
        Ok(answer) => (StatusCode::OK, answer, None),
        Err(error) => {
            if let SqsError::Internal(reason) = &error {
                tracing::error!(reason, "an SQS request failed");
            }
            let body = serde_json::json!({
                "__type": format!("com.amazonaws.sqs#{}", error.shape()),
                "message": error.message(),
            });
            let fault = if error.is_senders_fault() {
                "Sender"
            } else {
                "Receiver"
            };
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (
                status,
                body,
                HeaderValue::try_from(format!("{};{fault}", error.code())).ok(),
            )
        }
    };
    let mut response = json::response(status, &body);
    if let Some(query_error) = query_error {
        response.headers_mut().insert("x-amzn-query-error", query_error);
    }
    response
}
