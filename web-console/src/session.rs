//! `GET /console/api/session`: what the page must know before it can do anything.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use stack_client::Target;

use crate::failure::Failure;
use crate::system::System;
use crate::token::Token;

/// Answers `{"token", "target", "api_url", "options"}`. A page of another origin cannot read the answer.
pub(crate) async fn show(
    State(system): State<System>,
    State(token): State<Token>,
) -> Result<Json<Value>, Failure> {
    let connection = system.connection()?;
    let target = match connection.target() {
        Target::Local => "local",
        Target::Aws => "aws",
    };
    Ok(Json(json!({
        "token": token.as_str(),
        "target": target,
        "api_url": connection.api_url().await?,
        "options": connection.options(),
    })))
}
