//! `GET /console/api/mail`: the emails of the system on this machine, newest first.

use anyhow::Context;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stack_client::Target;

use crate::failure::Failure;
use crate::mask;
use crate::system::System;

/// The emails of one page.
const PAGE: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Position {
    /// Only emails before this one.
    before: Option<i64>,
}

/// Answers `{"mail": [...], "more": BOOLEAN}`. Personal data is hidden.
pub(crate) async fn list(
    State(system): State<System>,
    Query(position): Query<Position>,
) -> Result<Json<Value>, Failure> {
    let query = match position.before {
        None => format!("newest={PAGE}"),
        Some(before) => format!("after={}&limit={PAGE}", (before - 1 - PAGE).max(0)),
    };
    let mut mail = read(&system, &query).await?;
    let before = position.before.unwrap_or(i64::MAX);
    mail.retain(|mail| {
        mail["sequence"]
            .as_i64()
            .is_some_and(|sequence| sequence < before)
    });
    mail.reverse();
    let oldest = mail.last().and_then(|mail| mail["sequence"].as_i64());
    for mail in &mut mail {
        let hidden = mask::email(mail["body"].as_str().unwrap_or_default());
        mail["body"] = hidden.into();
    }
    Ok(Json(
        json!({ "mail": mail, "more": oldest.is_some_and(|oldest| oldest > 1) }),
    ))
}

/// One email, unmasked.
pub(crate) async fn fetch(system: &System, sequence: i64) -> Result<Option<Value>, Failure> {
    let mail = read(system, &format!("after={}&limit=1", sequence - 1)).await?;
    Ok(mail.into_iter().find(|mail| mail["sequence"] == sequence))
}

/// The position of the newest email, or 0.
pub(crate) async fn newest(system: &System) -> Result<i64, Failure> {
    let mail = read(system, "newest=1").await?;
    Ok(mail
        .last()
        .and_then(|mail| mail["sequence"].as_i64())
        .unwrap_or(0))
}

async fn read(system: &System, query: &str) -> Result<Vec<Value>, Failure> {
    let connection = system.connection()?;
    if connection.target() == Target::Aws {
        let message = "On AWS the mail goes to the subscribers' own inboxes, which nobody else can read.";
        return Err(Failure::new(StatusCode::NOT_FOUND, message));
    }
    let request = connection.local_control().await?.get(&format!("mail?{query}"));
    let answer = request.send().await;
    let answer = answer.context("the mailbox does not answer")?;
    let answer = answer.error_for_status().context("the mailbox cannot be read")?;
    let mut page: Value = answer
        .json()
        .await
        .context("the mailbox's answer cannot be read")?;
    match page["mail"].take() {
        Value::Array(mail) => Ok(mail),
        _ => Ok(Vec::new()),
    }
}
