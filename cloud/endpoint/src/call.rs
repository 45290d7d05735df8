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
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}
