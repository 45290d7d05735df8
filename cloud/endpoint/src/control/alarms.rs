//! `/_local/alarms` and `/_local/metrics`: what CloudWatch knows.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::backend::Backend;

/// Answers `{"alarms": [{"name", "description", "state", "reason", "since", "times_rung"}], "evaluations": NUMBER}`, in the order of the template.
///
/// The state is `OK`, `ALARM` or `INSUFFICIENT_DATA`. `times_rung` and `evaluations` count
/// since the start.
pub(super) async fn alarms(State(backend): State<Backend>) -> Response {
    let alarms = backend.cloud_watch.alarms();
    Json(json!({ "alarms": alarms, "evaluations": backend.cloud_watch.evaluations() })).into_response()
}

/// Answers with all metrics in the text format of Prometheus.
pub(super) async fn metrics(State(backend): State<Backend>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, backend.cloud_watch.prometheus()).into_response()
}
