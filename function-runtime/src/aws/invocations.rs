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
/// Every line that is logged during it has the ids of the invocation: `telemetry` finds them in the span.
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
        // The level is the highest, so that no filter removes the span.
        let span = tracing::error_span!(
            "invocation",
            function_request_id = event.context.request_id,
            xray_trace_id = event.context.xray_trace_id.as_deref().map(trace_id),
            // Only where it is true: most lines would say that it is not.
            cold_start = IS_COLD.swap(false, Ordering::Relaxed).then_some(true),
        );
        span.in_scope(|| tracing::debug!(?time_left, "the invocation begins"));
        // Boxed: the SDK's futures and the runtime's layers nest deeper than the compiler follows in one piece.
        let answer = Box::pin(handle(event.payload, time_left.unwrap_or_default()).instrument(span)).await;
        answer.map_err(Into::<Error>::into)
    }))
    .await
}

/// The id of the trace in a header such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`, as
/// Powertools logs it.
fn trace_id(header: &str) -> &str {
    let mut parts = header.split(';');
    parts
        .find_map(|part| part.trim().strip_prefix("Root="))
        .unwrap_or(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_named_by_its_root() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        assert_eq!(trace_id(header), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(trace_id("Sampled=1; Root=1-2-3"), "1-2-3");
        assert_eq!(trace_id("other"), "other");
    }
}
