//! `/_local/calls`: the AWS calls of the functions, counted.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::backend::Backend;

/// Answers `{"calls": {FUNCTION: {NAME: {"calls", "processes", "max_in_flight_of_a_process"}}}}`, where NAME is an operation
/// (`dynamodb:GetItem`) or a service (`dynamodb`). The counts begin with the process, or with the last reset.
pub(super) async fn show(State(backend): State<Backend>) -> Response {
    Json(json!({ "calls": backend.calls.read() })).into_response()
}

/// Sets the counts to zero, and answers them.
pub(super) async fn reset(State(backend): State<Backend>) -> Response {
    backend.calls.reset();
    show(State(backend)).await
}
