//! Starts the function: logs, configuration, clients, runtime.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use time::OffsetDateTime;
use tracing_subscriber::EnvFilter;

use crate::adapters::Aws;
use crate::config::Config;
use crate::worker::Worker;

/// Runs the function until the Lambda service stops it.
///
/// # Errors
/// A missing or invalid environment variable, by name, or what the runtime API refused.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    start_logs();
    let config = Config::from_environment()
        .inspect_err(|error| tracing::error!(%error, "order-worker cannot start"))?;
    // Two attempts within five seconds: what takes longer is retried by the queue, where waiting costs nothing, and the
    // function's own deadline is 30 seconds.
    let sdk = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::standard().with_max_attempts(2))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(1))
                .operation_attempt_timeout(Duration::from_secs(3))
                .operation_timeout(Duration::from_secs(5))
                .build(),
        )
        .load()
        .await;
    let worker = Worker::new(
        Aws::new(&sdk, &config),
        config.max_receive_count,
        fastrand::u64(..),
    );
    let worker = &worker;
    // The event is taken as raw JSON because the runtime's own decoding errors quote values.
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let deadline = OffsetDateTime::from(event.context.deadline());
        worker
            .handle(event.payload, deadline)
            .await
            .map_err(lambda_runtime::Error::from)
    }))
    .await
}

/// One JSON line an event, as Lambda's log format expects, filtered by `RUST_LOG`.
fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start in one process, as in tests, keeps the first one's subscriber.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .try_init();
    // The default hook prints the panic's message, which may quote an order.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}
