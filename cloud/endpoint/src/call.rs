//! An AWS call as the endpoint understands it.

use axum::body::Bytes;
use axum::http::HeaderMap;
use cloud_iam::Principal;

/// The services behind the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Service {
    DynamoDb,
    Sqs,
    Sns,
    Sts,
}

/// An AWS call that has not been performed yet.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) request_id: String,
    pub(super) principal: Principal,
    pub(super) service: Service,
    pub(super) operation: String,
    /// Whether the caller speaks SQS's Query protocol. The body is the request in the JSON protocol even then.
    pub(super) queue_query: bool,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    /// The process of a function that calls. Each process has a session token of its own.
    pub(super) fn process(&self) -> &str {
        let token = self.headers.get("x-amz-security-token");
        token.and_then(|token| token.to_str().ok()).unwrap_or_default()
    }

    /// The caller's trace, which messages carry on.
    pub(super) fn trace_header(&self) -> Option<&str> {
        self.headers.get("x-amzn-trace-id")?.to_str().ok()
    }
}
