//! The path of a call from the endpoint to a service.

use axum::body::Bytes;
use axum::http::{HeaderValue, Response, StatusCode};
use cloud_iam::Principal;
use cloud_wire::{json, query};

use crate::backend::Backend;
use crate::call::{Call, Service};
use crate::fault_injection;

/// Performs a call. Every AWS call passes through this function. Put rules that apply to all services here.
pub(super) async fn perform(backend: &Backend, call: Call) -> Response<Bytes> {
    tracing::trace!(
        service = ?call.service,
        operation = call.operation,
        principal = call.principal.arn(),
        request_id = call.request_id,
        "{:?} {}",
        call.service,
        call.operation
    );
    let is_strict = backend.access_keys.are_strict();
    match call.principal {
        Principal::Anonymous if !may_be_unsigned(&call, is_strict) => return missing_token(&call),
        Principal::Unknown => return invalid_token(&call),
        _ => {}
    }
    let is_change = !is_read(&call.operation);
    let response = fault_injection::perform(backend, call).await;
    if is_change {
        // Also of a call that failed: its failure may be what a status shows.
        backend.activity().note();
    }
    response
}

/// Whether an operation changes nothing, by its name. A poll that finds a message is noted by the queue itself.
fn is_read(operation: &str) -> bool {
    const PREFIXES: [&str; 7] = ["Get", "List", "Describe", "BatchGet", "Query", "Scan", "Receive"];
    PREFIXES.iter().any(|prefix| operation.starts_with(prefix))
}

/// Returns true for calls that need no credentials. In the Query protocol these are only the two links in
/// emails, as on AWS.
///
/// A web page in a browser can post a form to a loopback port, but it cannot sign the request. The JSON
/// protocols need a header that a web page cannot send. So an unsigned JSON call comes from a person with
/// `curl`, and is accepted unless keys are strict.
fn may_be_unsigned(call: &Call, is_strict: bool) -> bool {
    match call.service {
        Service::Sns => matches!(call.operation.as_str(), "ConfirmSubscription" | "Unsubscribe"),
        Service::Sts => false,
        Service::Sqs | Service::DynamoDb => !is_strict && !call.queue_query,
    }
}

/// Builds the answer to a request without credentials.
fn missing_token(call: &Call) -> Response<Bytes> {
    let message = "Request is missing Authentication Token";
    match call.service {
        Service::Sns | Service::Sts => {
            query::failure("", 403, "MissingAuthenticationToken", message, &call.request_id)
        }
        Service::Sqs => sqs_error("MissingAuthenticationToken", message),
        Service::DynamoDb => {
            let kind = "com.amazon.coral.service#MissingAuthenticationTokenException";
            json::error(StatusCode::BAD_REQUEST, kind, message)
        }
    }
}

/// Builds the answer to an access key that belongs to nobody.
///
/// Sources: the "Common Errors" of the API references: `InvalidClientTokenId` of SNS, SQS and STS, with status 403;
/// `UnrecognizedClientException` of DynamoDB, with status 400.
fn invalid_token(call: &Call) -> Response<Bytes> {
    let message = "The security token included in the request is invalid.";
    match call.service {
        Service::Sns | Service::Sts => {
            query::failure("", 403, "InvalidClientTokenId", message, &call.request_id)
        }
        Service::Sqs => sqs_error("InvalidClientTokenId", message),
        Service::DynamoDb => {
            let kind = "com.amazon.coral.service#UnrecognizedClientException";
            json::error(StatusCode::BAD_REQUEST, kind, message)
        }
    }
}

/// An error of SQS, whose code the SDKs read from a header.
fn sqs_error(code: &'static str, message: &str) -> Response<Bytes> {
    let kind = format!("com.amazon.coral.service#{code}");
    let mut response = json::error(StatusCode::FORBIDDEN, &kind, message);
    if let Ok(code) = HeaderValue::from_str(&format!("{code};Sender")) {
        response.headers_mut().insert("x-amzn-query-error", code);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::is_read;

    #[test]
    fn an_operation_is_a_read_by_its_name() {
        for read in [
            "GetItem",
            "ListQueues",
            "DescribeTable",
            "BatchGetItem",
            "Query",
            "Scan",
            "ReceiveMessage",
        ] {
            assert!(is_read(read), "{read}");
        }
        for change in [
            "PutItem",
            "BatchWriteItem",
            "SendMessage",
            "Subscribe",
            "ConfirmSubscription",
            "PurgeQueue",
        ] {
            assert!(!is_read(change), "{change}");
        }
    }
}
