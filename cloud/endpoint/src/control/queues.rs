//! Queue operations that SQS does not have, under `/_local/queues`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_sqs::SqsError;
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
