//! One invocation of a process.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde_json::json;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Lambda's limit for a synchronous payload and for its response, in bytes: 6 MB and 100 bytes.
pub const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024 + 100;

/// The answer of a runtime.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The body of `response`.
    Response(Bytes),
    /// The body of `error`.
    Error(Bytes),
}

/// The message about a response over [`MAX_PAYLOAD_BYTES`].
pub(crate) const TOO_LARGE: &str =
    "Response payload size exceeded maximum allowed payload size (6291556 bytes).";

impl Answer {
    /// The error in place of a response that is too large.
    pub(crate) fn too_large() -> Self {
        let body = json!({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": TOO_LARGE});
        Self::Error(body.to_string().into())
    }
}

/// An invocation that waits until its runtime asks for it.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: Uuid,
    pub(crate) payload: Bytes,
    pub(crate) timeout: Duration,
    /// Signals that the runtime took the payload. The timeout starts then.
    pub(crate) taken: oneshot::Sender<()>,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Returns the end of a timeout that starts now, in milliseconds since 1970.
pub(crate) fn deadline_milliseconds(timeout: Duration) -> u128 {
    (SystemTime::now() + timeout)
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}
