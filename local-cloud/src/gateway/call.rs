//! The one way from the wire to a service.

use axum::body::Bytes;
use axum::http::{HeaderMap, Response};

use super::credentials::Principal;
use super::sts;
use crate::form::Form;
use crate::services::Services;
use crate::{sns, sqs};

/// The services behind the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Service {
    DynamoDb,
    Sqs,
    Sns,
    Sts,
}

/// An AWS call before anything has happened.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) request_id: String,
    pub(super) principal: Principal,
    pub(super) service: Service,
    pub(super) operation: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Performs a call. No request reaches a service but through here: what is true of all calls is decided here.
pub(super) async fn perform(services: &Services, call: Call) -> Response<Bytes> {
    tracing::trace!(
        service = ?call.service,
        operation = call.operation,
        principal = call.principal.arn(),
        request_id = call.request_id,
        "{:?} {}",
        call.service,
        call.operation
    );
    match call.service {
        Service::DynamoDb => services.dynamodb.call(&call.headers, call.body).await,
        Service::Sqs => {
            let sender = call.principal.user_id();
            sqs::protocol::respond(
                sqs::protocol::call(&services.sqs, &call.operation, &call.body, &sender).await,
            )
        }
        Service::Sns => {
            let signed = call.principal != Principal::Anonymous;
            let outcome = sns::call(&services.sns, &call.operation, &Form::parse(&call.body), signed).await;
            sns::respond(&call.operation, outcome, &call.request_id)
        }
        Service::Sts => sts::call(&call),
    }
}
