//! One invocation on its way through a process.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Lambda's limit for a synchronous payload and for its response: 6 MB and a little, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 6 * 1024 * 1024 + 100;

/// What a runtime answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The body of `response`.
    Response(Bytes),
    /// The body of `error`.
    Error(Bytes),
}

/// A payload that waits for its runtime to ask for it, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) request_id: Uuid,
    pub(crate) payload: Bytes,
    pub(crate) timeout: Duration,
    /// Told when the runtime took the payload: the timeout counts from then.
    pub(crate) taken: oneshot::Sender<()>,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Milliseconds since 1970 at which a timeout that starts now ends.
pub(crate) fn deadline_milliseconds(timeout: Duration) -> u128 {
    (SystemTime::now() + timeout)
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis())
}
