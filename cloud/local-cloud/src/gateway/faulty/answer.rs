//! Failures in each service's own words: SDKs decide by status and code whether to try again.
//!
//! Sources: "Common Errors" and each action's "Errors" in the API References. SQS is seen to throttle with 403, SNS
//! with `Throttling` and 400, although their pages name others.

use axum::body::Bytes;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::super::call::Service;
use crate::query;
use crate::sns::NAMESPACE as SNS_NAMESPACE;
use crate::sqs::protocol::CONTENT_TYPE;

/// An answer that says nothing of the call but that it failed.
struct Failed {
    status: u16,
    /// The error's shape in the JSON protocols, with its namespace.
    shape: &'static str,
    /// The code in the Query protocol, and in SQS's header for the clients that still go by it.
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
    let body = json!({ "__type": failed.shape, "message": failed.message });
    let mut response = json_response(&body);
    *response.status_mut() = StatusCode::from_u16(failed.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
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

/// An answer in AWS JSON 1.0, which SQS and DynamoDB share.
pub(super) fn json_response(body: &serde_json::Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    response
}
