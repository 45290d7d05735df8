//! The errors of invocations.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

/// An invocation without a result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum InvokeError {
    /// The function returned an error. Holds the body that it posted to the Runtime API.
    #[error("the function returned an error")]
    Function(Bytes),
    /// The function could not start. Holds the body that it posted to `init/error`.
    #[error("the function failed to initialize")]
    Init(Bytes),
    /// The function reached its timeout and its process was killed.
    #[error("Task timed out after {:.2} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The process ended during the invocation.
    #[error("the runtime exited: {0}")]
    Exited(String),
    /// The process could not be started.
    #[error("the function could not be started: {0}")]
    Spawn(String),
    /// The payload is larger than Lambda accepts. Holds its size in bytes.
    #[error("the payload of {0} bytes is over Lambda's limit of 6 MB")]
    PayloadTooLarge(usize),
    /// The function has as many invocations as its concurrency allows. Nothing was started.
    #[error("the function is at its concurrency limit")]
    Throttled,
    /// The caller stopped waiting before a process took the invocation. Nothing was done.
    #[error("the caller stopped waiting")]
    Abandoned,
    /// The system is stopping.
    #[error("the function is shutting down")]
    Stopping,
}

impl InvokeError {
    /// Returns the type of the error, as AWS spells it.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::Function(_) => "Unhandled",
            Self::Init(_) => "Runtime.InitError",
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::Exited(_) => "Runtime.ExitError",
            Self::Spawn(_) => "Runtime.InvalidEntrypoint",
            Self::PayloadTooLarge(_) => "RequestTooLarge",
            // Source: Lambda API Reference, `Invoke`.
            Self::Throttled => "TooManyRequestsException",
            Self::Abandoned | Self::Stopping => "ServiceException",
        }
    }

    /// Returns the body of Lambda's `Invoke` answer for this error.
    #[must_use]
    pub fn body(&self) -> Bytes {
        match self {
            Self::Function(body) | Self::Init(body) => body.clone(),
            other => {
                let body = json!({"errorType": other.error_type(), "errorMessage": other.to_string()});
                body.to_string().into()
            }
        }
    }
}
