//! Injected error answers in the form of each service. SDKs decide by status and error code whether to retry.
//!
//! Sources: "Common Errors" and the "Errors" section of each action in the API References. In practice, SQS
//! throttles with status 403, and SNS with the code `Throttling` and status 400, although their pages name
//! others.

use axum::body::Bytes;
use axum::http::{HeaderValue, Response, StatusCode};
use cloud_sns::protocol::NAMESPACE as SNS_NAMESPACE;
use cloud_wire::{json, query};

use crate::call::Service;

/// The parts of an error answer.
struct Failed {
    status: u16,
    /// The name of the error in the JSON protocols, with its namespace.
    shape: &'static str,
    /// The error code of the Query protocol. For SQS it is in a header, for clients that still use it.
    code: &'static str,
    message: &'static str,
}

pub(super) fn throttled(service: Service, request_id: &str) -> Response<Bytes> {
    let failed = match service {
        Service::DynamoDb => Failed {
            status: 400,
            shape: "com.amazon.coral.availability#ThrottlingException",
            code: "",
            message: "Throughput exceeds the current capacity of your table or index.",
        },
        Service::Sqs => Failed {
            status: 403,
            shape: "com.amazonaws.sqs#RequestThrottled",
            code: "RequestThrottled",
            message: "The request was denied due to request throttling.",
        },
        Service::Sns | Service::Sts => Failed {
            status: 400,
            shape: "",
            code: "Throttling",
            message: "Rate exceeded",
        },
    };
    respond(service, &failed, request_id)
}

pub(super) fn internal_error(service: Service, request_id: &str) -> Response<Bytes> {
    let (shape, code) = match service {
        Service::DynamoDb => ("com.amazonaws.dynamodb.v20120810#InternalServerError", ""),
        Service::Sqs => ("com.amazon.coral.service#InternalFailure", "InternalFailure"),
        Service::Sns => ("", "InternalError"),
        Service::Sts => ("", "InternalFailure"),
    };
    let failed = Failed {
        status: 500,
        shape,
        code,
        message: "The request processing has failed because of an unknown error, exception or failure.",
    };
    respond(service, &failed, request_id)
}

pub(super) fn unavailable(service: Service, request_id: &str) -> Response<Bytes> {
    let failed = Failed {
        status: 503,
        shape: "com.amazon.coral.availability#ServiceUnavailableException",
        code: "ServiceUnavailable",
        message: "The request has failed due to a temporary failure of the server.",
    };
    respond(service, &failed, request_id)
}

fn respond(service: Service, failed: &Failed, request_id: &str) -> Response<Bytes> {
    let namespace = match service {
        Service::Sns => SNS_NAMESPACE,
        Service::Sts => "",
        Service::DynamoDb | Service::Sqs => return json_answer(service, failed),
    };
    query::failure(namespace, failed.status, failed.code, failed.message, request_id)
}

fn json_answer(service: Service, failed: &Failed) -> Response<Bytes> {
    let status = StatusCode::from_u16(failed.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json::error(status, failed.shape, failed.message);
    if service == Service::Sqs {
        let fault = if failed.status >= 500 {
            "Receiver"
        } else {
            "Sender"
        };
        if let Ok(value) = HeaderValue::try_from(format!("{};{fault}", failed.code)) {
            response.headers_mut().insert("x-amzn-query-error", value);
        }
    }
    response
}
