//! `/_local/clock`: moves the clock of the queues forward.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::backend::Backend;

/// The longest step. A slip of the finger must not let a queue's messages expire.
const MAX_STEP_MS: u64 = 24 * 60 * 60 * 1000;

/// By how much to move the clock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    /// At most a day.
    advance_milliseconds: u64,
}

/// Moves the clock of queues and mailbox forward, so that a run need not wait for visibility timeouts, delays and retention
/// periods. Answers `{"advanced_milliseconds": NUMBER}`. The functions keep the machine's clock.
pub(super) async fn advance(State(backend): State<Backend>, Json(step): Json<Step>) -> Response {
    let step = step.advance_milliseconds.min(MAX_STEP_MS);
    backend.clock.advance(Duration::from_millis(step));
    Json(json!({ "advanced_milliseconds": step })).into_response()
}
