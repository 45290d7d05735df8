//! `/_local/mail`: the mailbox.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::backend::Backend;

/// Maximum number of emails in one answer.
const MAX_MAIL: u32 = 1000;
/// Maximum time that a request for emails waits, in seconds.
const MAX_WAIT_SECONDS: u64 = 20;

#[derive(Debug, Deserialize)]
pub(super) struct MailQuery {
    #[serde(default)]
    after: i64,
    limit: Option<u32>,
    #[serde(default)]
    wait: u64,
}

/// Answers `{"mail": [...], "next": SEQUENCE}`, oldest first, for `?after=SEQUENCE&limit=N&wait=SECONDS`.
pub(super) async fn mail(State(backend): State<Backend>, Query(query): Query<MailQuery>) -> Response {
    let limit = query.limit.unwrap_or(100).clamp(1, MAX_MAIL);
    let wait = Duration::from_secs(query.wait.min(MAX_WAIT_SECONDS));
    match backend.mailbox.read(query.after, limit, wait).await {
        Ok(mail) => {
            let next = mail.last().map_or(query.after, |last| last.sequence);
            Json(json!({ "mail": mail, "next": next })).into_response()
        }
        Err(error) => respond_with_failure(&error),
    }
}

pub(super) fn respond_with_failure(error: &impl std::fmt::Display) -> Response {
    tracing::error!(%error, "a local request failed");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "the state cannot be read" })),
    )
        .into_response()
}
