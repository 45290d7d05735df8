//! The one way from the wire to a service.

use axum::body::Bytes;
use axum::http::{HeaderMap, Response};

use super::credentials::Principal;
use super::{authorize, faulty, sts};
use crate::dynamodb::statement_error;
use crate::form::Form;
use crate::iam::Denial;
use crate::query;
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
    if !may_be_unsigned(&call) && call.principal == Principal::Anonymous {
        let (code, message) = (
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        );
        return query::failure("", 403, code, message, &call.request_id);
    }
    faulty::perform(services, call).await
}

/// Has a call performed by its service, as far as IAM lets it.
pub(super) async fn dispatch(services: &Services, call: Call) -> Response<Bytes> {
    let refused = match authorize::authorize(services, &call) {
        Ok(refused) => refused,
        Err(answer) => return *answer,
    };
    match call.service {
        Service::DynamoDb if !refused.is_empty() => {
            let error = |denial: &Denial| statement_error("AccessDenied", &denial.to_string());
            let refused = refused.iter().map(|(at, denial)| (*at, error(denial))).collect();
            services
                .dynamodb
                .call_but(&call.headers, &call.body, &refused)
                .await
        }
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

/// True for what may come without credentials: of the forms, only the two links that mails carry, as on AWS.
///
/// Any page in a browser can post a form to a loopback port, but it cannot sign one. The JSON protocols need a header
/// that a page cannot send, so an unsigned call there is a person with `curl`, and passes.
fn may_be_unsigned(call: &Call) -> bool {
    let is_form = matches!(call.service, Service::Sns | Service::Sts);
    !is_form || matches!(call.operation.as_str(), "ConfirmSubscription" | "Unsubscribe")
}
