//! Starts the function: logs, configuration, clients, runtime.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use crate::adapters::Aws;
use crate::config::Config;
use crate::worker::Worker;

/// Runs the function until the Lambda service stops it.
///
/// # Errors
/// A missing or invalid environment variable, by name, or what the runtime API refused.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    telemetry::init();
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
        let time_left = event
            .context
            .deadline()
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO);
        worker
            .handle(event.payload, time_left)
            .await
            .map_err(lambda_runtime::Error::from)
    }))
    .await
}
