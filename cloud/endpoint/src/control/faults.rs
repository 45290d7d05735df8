//! `/_local/faults`: turns fault injection on and off at run time, and returns the counts of injected faults.
//!
//! A web page from another origin cannot change the faults: the browser sends a CORS preflight before a PUT
//! or a DELETE, and the preflight is refused.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_faults::{FaultPlan, Outage};
use serde::Deserialize;
use serde_json::json;

use crate::backend::Backend;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetQuery {
    /// Replaces the seed of the plan.
    seed: Option<u64>,
}

/// Answers `{"active": BOOLEAN, "injected": {KIND: {SUBJECT: COUNT}}, "outages": [NAME]}`. The counts start with the process.
pub(super) async fn show(State(backend): State<Backend>) -> Response {
    respond_with_state(&backend)
}

/// Activates the fault plan in the body. `?seed=N` replaces its seed. A plan that is not valid is answered
/// with 400 and the reason.
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
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Begins the outage in the body under a name, or replaces the one of that name. The plan stays in force. An outage that is
/// not valid is answered with 400 and the reason.
pub(super) async fn begin_outage(
    State(backend): State<Backend>,
    Path(name): Path<String>,
    text: String,
) -> Response {
    match Outage::parse(&text) {
        Ok(outage) => {
            backend.faults.begin_outage(&name, outage);
            respond_with_state(&backend)
        }
        Err(error) => refuse(StatusCode::BAD_REQUEST, &error),
    }
}

/// Ends an outage. One that does not exist is answered with 404.
pub(super) async fn end_outage(State(backend): State<Backend>, Path(name): Path<String>) -> Response {
    if backend.faults.end_outage(&name) {
        respond_with_state(&backend)
    } else {
        refuse(StatusCode::NOT_FOUND, "there is no such outage")
    }
}

/// Ends the fault plan. The outages and the counts stay.
pub(super) async fn end(State(backend): State<Backend>) -> Response {
    backend.faults.set(None);
    respond_with_state(&backend)
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

fn respond_with_state(backend: &Backend) -> Response {
    let faults = &backend.faults;
    Json(json!({
        "active": faults.active(),
        "injected": faults.injected(),
        "outages": faults.outages(),
    }))
    .into_response()
}
