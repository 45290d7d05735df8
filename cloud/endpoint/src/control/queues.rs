//! Queues beyond what SQS offers, under `/_local/queues`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_sqs::SqsError;
use serde_json::json;

use super::state::respond_with_failure;
use crate::backend::Backend;

/// `{"woken": COUNT}`: the messages of the queue that were put off are to be received at once.
///
/// A PUT, since that may be repeated, and since browsers ask before they send one to another origin, and are refused.
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
