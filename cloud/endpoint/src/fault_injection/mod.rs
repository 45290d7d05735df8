//! Injects the faults that [`cloud_faults`] decides into calls and answers.

mod batch;
mod error_response;

use axum::body::{Body, Bytes};
use axum::http::{Response, header};
use cloud_faults::{CallFaults, Failure, FaultKind};
use cloud_iam::Principal;

use crate::backend::Backend;
use crate::call::{Call, Service};
use crate::dispatch::dispatch;

/// Marks an answer that must not arrive.
#[derive(Clone, Copy, Debug)]
struct Lost;

/// Performs a call with the faults that the active plan decides for it.
pub(super) async fn perform(backend: &Backend, call: Call) -> Response<Bytes> {
    let operation = format!("{}:{}", prefix(call.service), call.operation);
    let function = match &call.principal {
        Principal::Function { function, .. } => Some(function.as_str()),
        Principal::Operator { .. } | Principal::Unknown | Principal::Anonymous => None,
    };
    let _in_flight = function.map(|function| backend.calls.begin(function, &operation, call.process()));
    let Some(mut fault) = backend.faults.call(&operation, function) else {
        return dispatch(backend, call).await;
    };
    let record = |kind| backend.faults.record(kind, &operation);
    if let Some(delay) = fault.delay {
        record(FaultKind::Delay);
        tokio::time::sleep(delay).await;
    }
    match fault.failure {
        None => perform_partly(backend, call, &mut fault, &operation).await,
        Some(Failure::Throttle) => {
            record(FaultKind::Throttle);
            error_response::throttled(call.service, &call.request_id)
        }
        Some(Failure::Unavailable) => {
            record(FaultKind::Unavailable);
            error_response::unavailable(call.service, &call.request_id)
        }
        Some(Failure::Outage) => {
            record(FaultKind::Outage);
            error_response::unavailable(call.service, &call.request_id)
        }
        Some(Failure::InternalError { after_effect }) => {
            record(FaultKind::InternalError);
            let answer = error_response::internal_error(call.service, &call.request_id);
            if after_effect {
                // Perform the call and drop its real answer.
                drop(dispatch(backend, call).await);
            }
            answer
        }
        Some(Failure::LostResponse) => {
            record(FaultKind::LostResponse);
            let mut answer = dispatch(backend, call).await;
            answer.extensions_mut().insert(Lost);
            answer
        }
    }
}

/// Performs a call in which single entries may fail.
async fn perform_partly(
    backend: &Backend,
    mut call: Call,
    fault: &mut CallFaults,
    operation: &str,
) -> Response<Bytes> {
    let partial = if fault.entries_may_fail() {
        batch::split(&call, || fault.entry_fails())
    } else {
        None
    };
    let Some(partial) = partial else {
        return dispatch(backend, call).await;
    };
    for _ in 0..partial.failed {
        backend.faults.record(FaultKind::EntryFailure, operation);
    }
    let answer = match partial.rest {
        None => None,
        Some(rest) => {
            call.headers.remove(header::CONTENT_LENGTH);
            call.body = rest;
            Some(dispatch(backend, call).await)
        }
    };
    (partial.join)(answer)
}

/// Returns the body for the connection. For a lost response, the body fails before its first byte. Then hyper
/// closes the connection and writes nothing, not even a status.
pub(super) fn into_body(answer: Response<Bytes>) -> Response<Body> {
    if answer.extensions().get::<Lost>().is_none() {
        return answer.map(Body::from);
    }
    let (mut parts, _) = answer.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let broken =
        futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("lost on purpose")) });
    Response::from_parts(parts, Body::from_stream(broken))
}

/// The service prefix of IAM actions.
fn prefix(service: Service) -> &'static str {
    match service {
        Service::DynamoDb => "dynamodb",
        Service::Sqs => "sqs",
        Service::Sns => "sns",
        Service::Sts => "sts",
    }
}

#[cfg(test)]
mod tests;
