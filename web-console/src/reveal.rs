//! `POST /console/api/reveal`: personal data, for somebody who asks for it. The audit log says who asked for what.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use dead_letters::AuditOptions;
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::letters::Letters;
use crate::system::System;
use crate::{mail, orders};

/// The thing that is to be shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub(crate) enum Wanted {
    /// An order, by its id.
    Order { id: uuid::Uuid },
    /// An email, by its position.
    Mail { id: i64 },
    /// A dead letter, by its message id.
    Letter { id: uuid::Uuid },
}

/// Answers with the document. The line of the audit log is on disk before.
pub(crate) async fn reveal(
    State(system): State<System>,
    State(letters): State<Letters>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Value>, Failure> {
    let (kind, id) = match &wanted {
        Wanted::Order { id } => ("order", id.to_string()),
        Wanted::Mail { id } => ("mail", id.to_string()),
        Wanted::Letter { id } => ("letter", id.to_string()),
    };
    let options = AuditOptions::of_environment();
    dead_letters::audit_reveal(&options, system.connection()?, kind, &id).await?;
    let found = match wanted {
        Wanted::Order { id } => orders::fetch(&system, &id.to_string()).await?,
        Wanted::Mail { id } => mail::fetch(&system, id).await?,
        Wanted::Letter { id } => letters.show(&system, &id.to_string(), true).await?,
    };
    found
        .map(Json)
        .ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, "It is not there any more."))
}
