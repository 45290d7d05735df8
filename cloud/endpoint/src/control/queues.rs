//! Queue operations that SQS does not have, under `/_local/queues`, and its limits, under `/_local/sqs`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_sqs::SqsError;
use serde::Deserialize;
use serde_json::json;

use super::state::respond_with_failure;
use crate::backend::Backend;

/// Makes the postponed messages of the queue ready at once. Answers `{"woken": COUNT}`.
///
/// The method is PUT, because the call may be repeated. A web page from another origin cannot send it: the
/// browser sends a CORS preflight before a PUT, and the preflight is refused.
pub(super) async fn wake(State(backend): State<Backend>, Path(name): Path<String>) -> Response {
    match backend.sqs.wake(&name).await {
        Ok(woken) => Json(json!({ "woken": woken })).into_response(),
        Err(SqsError::QueueDoesNotExist) => (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": "there is no such queue" })),
        )
            .into_response(),
        Err(error) => respond_with_failure(&error),
    }
}

/// The limits to change. The others stay.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    /// Maximum number of messages of one queue that are in flight.
    max_in_flight: Option<i64>,
    /// Whether the name of a deleted queue can be used again only after 60 seconds, as on AWS.
    wait_after_deletion: Option<bool>,
}

/// Answers `{"max_in_flight": NUMBER, "wait_after_deletion": BOOLEAN}`.
pub(super) async fn show_limits(State(backend): State<Backend>) -> Response {
    let limits = backend.sqs.limits();
    Json(json!({
        "max_in_flight": limits.max_in_flight(),
        "wait_after_deletion": limits.wait_after_deletion(),
    }))
    .into_response()
}

/// Changes the limits until the process ends, and answers all of them.
pub(super) async fn set_limits(state: State<Backend>, Json(change): Json<Limits>) -> Response {
    let limits = state.sqs.limits();
    if let Some(messages) = change.max_in_flight {
        limits.set_max_in_flight(messages);
    }
    if let Some(wait) = change.wait_after_deletion {
        limits.set_wait_after_deletion(wait);
    }
    show_limits(state).await
}
