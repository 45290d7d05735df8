//! Starts the function: logs, configuration, clients, runtime.

use std::time::Duration;

use function_runtime::aws::{CallLimits, Host, open_connections};
use telemetry::metrics;

use crate::adapters::{Aws, connections};
use crate::config::Config;
use crate::worker::Worker;

/// Two attempts within five seconds. The queue retries what takes longer, and a message that waits there costs nothing. The
/// function's own timeout is 30 seconds.
const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(3),
    operation: Duration::from_secs(5),
    max_attempts: 2,
    first_backoff: Duration::from_secs(1),
};

/// Runs the function until its host ends it.
///
/// # Errors
/// An environment variable is missing or invalid, or the host is gone.
pub async fn run(host: impl Host) -> Result<(), lambda_runtime::Error> {
    let config = Config::read(&host.environment())
        .inspect_err(|error| tracing::error!(%error, "order-worker cannot start"))?;
    let sdk = host.load(CALLS.loader()).await;
    let aws = Aws::new(&sdk, &config);
    open_connections(&sdk, connections).await;
    let worker = Worker::new(aws, config.retries, fastrand::u64(..)).keeping(config.order_retention);
    host.serve(async |event, time_left| {
        metrics::measured_batch(time_left, Box::pin(worker.handle(event, time_left))).await
    })
    .await
}
