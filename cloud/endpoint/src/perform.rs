//! The path of a call from the endpoint to a service.

use axum::body::Bytes;
use axum::http::Response;
use cloud_iam::Principal;
use cloud_wire::query;

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
    if !may_be_unsigned(&call) && call.principal == Principal::Anonymous {
        let (code, message) = (
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        );
        return query::failure("", 403, code, message, &call.request_id);
    }
    fault_injection::perform(backend, call).await
}

/// Returns true for calls that need no credentials. In the Query protocol these are only the two links in
/// emails, as on AWS.
///
/// A web page in a browser can post a form to a loopback port, but it cannot sign the request. The JSON
/// protocols need a header that a web page cannot send. So an unsigned JSON call comes from a person with
/// `curl`, and is accepted.
fn may_be_unsigned(call: &Call) -> bool {
    let is_form = call.queue_query || matches!(call.service, Service::Sns | Service::Sts);
    !is_form || matches!(call.operation.as_str(), "ConfirmSubscription" | "Unsubscribe")
}
