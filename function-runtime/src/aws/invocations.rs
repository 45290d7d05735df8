//! Lambda's runtime: one invocation after the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;
use tracing::Instrument as _;

/// Whether no invocation has begun in this process.
static IS_COLD: AtomicBool = AtomicBool::new(true);

/// Passes each invocation's event and time left to `handle`, until Lambda ends the process.
///
/// Every line that is logged during it has the ids of the invocation.
///
/// The event is raw JSON: the runtime's own decoding errors quote values of the payload.
///
/// # Errors
/// The Runtime API is gone. An error of `handle` fails its invocation alone.
pub async fn serve<R, E>(handle: impl AsyncFn(Value, Duration) -> Result<R, E>) -> Result<(), Error>
where
    R: Serialize,
    E: Into<Error>,
{
    let handle = &handle;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let time_left = event.context.deadline().duration_since(SystemTime::now());
        let trace = event.context.xray_trace_id.as_deref();
        let span = telemetry::invocation(
            &event.context.request_id,
            trace,
            IS_COLD.swap(false, Ordering::Relaxed),
        );
        span.in_scope(|| tracing::debug!(?time_left, "the invocation begins"));
        // Boxed: the SDK's futures and the runtime's layers nest deeper than the compiler follows in one piece.
        let answer = Box::pin(handle(event.payload, time_left.unwrap_or_default()).instrument(span)).await;
        telemetry::end_invocation();
        answer.map_err(Into::<Error>::into)
    }))
    .await
}
