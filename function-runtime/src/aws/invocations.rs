//! Lambda's runtime: one invocation after the other.

use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::Value;

/// Passes each invocation's event and time left to `handle`, until Lambda ends the process.
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
        // Boxed: the SDK's futures and the runtime's layers nest deeper than the compiler follows in one piece.
        let answer = Box::pin(handle(event.payload, time_left.unwrap_or_default())).await;
        answer.map_err(Into::<Error>::into)
    }))
    .await
}
