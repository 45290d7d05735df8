//! The faults in force, at run time, under `/_local/faults`: a run turns them on and off, and reads what they did.
//!
//! A web page cannot change them: browsers ask before they send a PUT or a DELETE to another origin, and are refused.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_faults::FaultPlan;
use serde::Deserialize;
use serde_json::json;

use crate::backend::Backend;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetQuery {
    /// Replaces the plan's own seed.
    seed: Option<u64>,
}

/// `{"active": BOOLEAN, "injected": {KIND: {SUBJECT: COUNT}}}`, counted since the start.
pub(super) async fn show(State(backend): State<Backend>) -> Response {
    respond_with_state(&backend)
}

/// Puts the plan of the body in force; `?seed=N` replaces its seed. 400 says what is wrong with it.
pub(super) async fn set(
    State(backend): State<Backend>,
    Query(query): Query<SetQuery>,
    text: String,
) -> Response {
    match FaultPlan::parse(&text) {
        Ok(plan) => {
            let seed = query.seed.unwrap_or_else(|| plan.seed());
            backend.faults.set(Some(plan.with_seed(seed)));
            respond_with_state(&backend)
        }
        Err(error) => (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": error.to_string() })),
        )
            .into_response(),
    }
}

/// Ends all faults; the counts stay.
pub(super) async fn end(State(backend): State<Backend>) -> Response {
    backend.faults.set(None);
    respond_with_state(&backend)
}

fn respond_with_state(backend: &Backend) -> Response {
    let faults = &backend.faults;
    Json(json!({ "active": faults.active(), "injected": faults.injected() })).into_response()
}
