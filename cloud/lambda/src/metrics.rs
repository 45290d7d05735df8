//! The metrics of a function, as Lambda publishes them.
//!
//! Source: Lambda Developer Guide, "Types of metrics for Lambda functions". A refused invocation counts as a throttle and not as an
//! invocation. A batch with failed messages is no error.

use std::time::Duration;

use bytes::Bytes;
use cloud_cloudwatch::Metric;

use crate::error::InvokeError;
use crate::settings::FunctionSettings;

/// Counts an invocation that took so long. The time includes the wait for a process.
pub(crate) fn count(settings: &FunctionSettings, result: &Result<Bytes, InvokeError>, took: Duration) {
    let add = |name, value| settings.cloud_watch.add(metric(settings, name), value);
    match result {
        Err(InvokeError::Throttled) => add("Throttles", 1.0),
        // Lambda refuses the request, or the invocation never began.
        Err(InvokeError::PayloadTooLarge(_) | InvokeError::Abandoned | InvokeError::Stopping) => {}
        Ok(_) | Err(_) => {
            add("Invocations", 1.0);
            add("Errors", if result.is_err() { 1.0 } else { 0.0 });
            add("Throttles", 0.0);
            add("Duration", took.as_secs_f64() * 1000.0);
        }
    }
}

/// Samples how many invocations run.
pub(crate) fn concurrency(settings: &FunctionSettings, free: usize) {
    let running = u32::try_from(settings.concurrency.saturating_sub(free)).unwrap_or(u32::MAX);
    let metric = metric(settings, "ConcurrentExecutions");
    settings.cloud_watch.sample(metric, running.into());
}

fn metric(settings: &FunctionSettings, name: &str) -> Metric {
    Metric::new("AWS/Lambda", name, &[("FunctionName", &settings.name)])
}
