//! The one way from the wire to a service.

use axum::body::Bytes;
use axum::http::Response;
use cloud_iam::Principal;
use cloud_wire::query;

use crate::backend::Backend;
use crate::call::{Call, Service};
use crate::fault_injection;

/// Performs a call. No request reaches a service but through here: what is true of all calls is decided here.
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

/// True for what may come without credentials: of the forms, only the two links that mails carry, as on AWS.
///
/// Any page in a browser can post a form to a loopback port, but it cannot sign one. The JSON protocols need a header
/// that a page cannot send, so an unsigned call there is a person with `curl`, and passes.
fn may_be_unsigned(call: &Call) -> bool {
    let is_form = matches!(call.service, Service::Sns | Service::Sts);
    !is_form || matches!(call.operation.as_str(), "ConfirmSubscription" | "Unsubscribe")
}
