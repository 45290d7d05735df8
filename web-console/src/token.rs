//! The token of this run, which a request that changes something must carry.
//!
//! The guard refuses foreign pages by headers that a browser sets. The token is a second lock: only a page that could read
//! `/console/api/session` knows it, and no other origin can read that.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::failure::Failure;

/// The header that carries the token.
pub(crate) const HEADER: &str = "x-console-token";

/// A random text, another one in each run.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    /// A new token of 122 random bits.
    pub(crate) fn generate() -> Self {
        Self(Uuid::new_v4().simple().to_string())
    }

    /// The text, for the page.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}

/// Refuses a request without the token.
pub(crate) async fn require(State(token): State<Token>, request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).map(HeaderValue::as_bytes);
    if given == Some(token.as_str().as_bytes()) {
        return next.run(request).await;
    }
    let message = "This request changes something and carries no valid token. Reload the page.";
    Failure::new(StatusCode::FORBIDDEN, message).into_response()
}
