//! `/_local/health`: whether everything works, and what does not.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::backend::Backend;

/// The version of the document. It grows when a field goes away or changes its meaning.
const VERSION: u32 = 1;

/// Something that does not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Reason {
    /// What: `disk_full`, `database`, `table_engine` or `function`.
    code: &'static str,
    /// One sentence for people.
    message: String,
}

/// Answers `{"version": 1, "status": "ok" | "degraded", "reasons": [{"code", "message"}], "instance_id": ID}`.
///
/// The HTTP status is 200 in both cases, because the services answer. It is the same document for every caller, so it
/// holds no data of customers.
pub(super) async fn health(State(backend): State<Backend>) -> Response {
    let reasons = reasons(&backend).await;
    Json(json!({
        "version": VERSION,
        "status": status(&reasons),
        "reasons": reasons,
        "instance_id": backend.instance.id(),
    }))
    .into_response()
}

pub(super) fn status(reasons: &[Reason]) -> &'static str {
    if reasons.is_empty() { "ok" } else { "degraded" }
}

/// Returns everything that does not work now.
pub(super) async fn reasons(backend: &Backend) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let store = backend.sqs.store();
    if store.is_full() {
        reasons.push(Reason {
            code: "disk_full",
            message: "the disk is full: nothing can be sent or published until it has room; receives and deletions \
                      go on"
                .to_owned(),
        });
    } else if store.is_failing() {
        let why = store.last_failed_commit().map(|failed| failed.reason);
        reasons.push(Reason {
            code: "database",
            message: format!("state.db cannot be written: {}", why.unwrap_or_default()),
        });
    }
    if let Err(error) = backend.dynamodb.probe().await {
        reasons.push(Reason {
            code: "table_engine",
            message: format!("the table engine fails every call until a restart: {error}"),
        });
    }
    for function in backend.instance.functions() {
        if let Some(failure) = function.start_failure {
            reasons.push(Reason {
                code: "function",
                message: format!("function {} cannot start: {failure}", function.name),
            });
        }
    }
    reasons
}
