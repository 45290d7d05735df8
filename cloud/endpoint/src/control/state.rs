//! `/_local/mail`: the mailbox.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloud_sns::StoredMail;
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
    /// Only so many of the newest emails.
    newest: Option<u32>,
    /// Only emails of this kind, with `newest`.
    kind: Option<String>,
    #[serde(default)]
    wait: u64,
}

/// Answers `{"mail": [...], "next": SEQUENCE}`, oldest first, for `?after=SEQUENCE&limit=N&wait=SECONDS`, or for
/// `?newest=N`, with which `&kind=notification` leaves out requests for confirmation.
pub(super) async fn mail(State(backend): State<Backend>, Query(query): Query<MailQuery>) -> Response {
    if let Some(newest) = query.newest {
        return match backend.mailbox.newest(newest.min(MAX_MAIL), query.kind).await {
            Ok(mail) => respond_with_mail(&mail, 0),
            Err(error) => respond_with_failure(&error),
        };
    }
    let limit = query.limit.unwrap_or(100).clamp(1, MAX_MAIL);
    let wait = Duration::from_secs(query.wait.min(MAX_WAIT_SECONDS));
    match backend.mailbox.read(query.after, limit, wait).await {
        Ok(mail) => respond_with_mail(&mail, query.after),
        Err(error) => respond_with_failure(&error),
    }
}

/// Deletes one email, by its `sequence`. Answers 204, also when it is not there: the call may be repeated.
pub(super) async fn delete_mail(State(backend): State<Backend>, Path(sequence): Path<i64>) -> Response {
    match backend.mailbox.delete(sequence).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => respond_with_failure(&error),
    }
}

/// Replaces the text of one email, by its `sequence`, by the body. Answers 204, also when it is not there.
pub(super) async fn replace_mail(
    State(backend): State<Backend>,
    Path(sequence): Path<i64>,
    body: String,
) -> Response {
    match backend.mailbox.replace_body(sequence, body).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => respond_with_failure(&error),
    }
}

fn respond_with_mail(mail: &[StoredMail], after: i64) -> Response {
    let next = mail.last().map_or(after, |last| last.sequence);
    Json(json!({ "mail": mail, "next": next })).into_response()
}

pub(super) fn respond_with_failure(error: &impl std::fmt::Display) -> Response {
    tracing::error!(%error, "a local request failed");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "the state cannot be read" })),
    )
        .into_response()
}
