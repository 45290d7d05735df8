//! `/_local/subscriptions`: the state of subscriptions, and the confirmation of one by the operator.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_sns::SnsError;
use serde_json::json;

use super::state::respond_with_failure;
use crate::backend::Backend;

/// Answers `{"subscriptions": [...]}` with their state and, for email, their highest rate.
pub(super) async fn list(State(backend): State<Backend>) -> Response {
    match backend.sns.subscriptions().await {
        Ok(subscriptions) => Json(json!({ "subscriptions": subscriptions })).into_response(),
        Err(error) => respond_with_failure(&error),
    }
}

/// Confirms a pending or suspended subscription, as the link in its last confirmation email does. Answers
/// `{"subscription": {...}}` with its state. On AWS only the owner of the inbox can do that.
///
/// The method is PUT, because the call may be repeated. A web page from another origin cannot send it: the
/// browser sends a CORS preflight before a PUT, and the preflight is refused.
pub(super) async fn confirm(State(backend): State<Backend>, Path(arn): Path<String>) -> Response {
    match backend.sns.confirm_subscription(&arn).await {
        Ok(subscription) => Json(json!({ "subscription": subscription })).into_response(),
        Err(SnsError::NotFound(_)) => (
            StatusCode::NOT_FOUND,
            Json(json!({ "error": "there is no such subscription" })),
        )
            .into_response(),
        Err(error) => respond_with_failure(&error),
    }
}
