//! `/_local/usage`: what AWS would bill.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cloud_billing::{Source, sns};
use serde_json::json;

use crate::backend::Backend;

/// Answers `{"version": 1, "usage": {"stack": {SOURCE: UNITS}, "others": {SOURCE: UNITS}, "polled_queues": [NAME]}, "custom_metrics",
/// "alarm_metrics"}` since the start. [`cloud_billing::Units`] lists the units.
pub(super) async fn show(State(backend): State<Backend>) -> Response {
    let mut usage = backend.meter.read();
    let emails = sns::emails(backend.mailbox.notifications());
    usage.stack.insert(Source::Topics.name(), emails);
    let answer = json!({
        "version": 1,
        "usage": usage,
        "custom_metrics": backend.cloud_watch.custom_metrics(),
        "alarm_metrics": backend.cloud_watch.alarm_metrics(),
    });
    Json(answer).into_response()
}
