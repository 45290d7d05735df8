//! Starts the function: logs, configuration, clients, runtime.

use aws_config::BehaviorVersion;
use function_runtime::aws::{Host, open_connections};
use lambda_runtime::Error;
use telemetry::metrics;

use crate::adapters::{Aws, CALLS, connections};
use crate::config::Config;
use crate::notifier::Notifier;

/// Runs the function until its host ends it.
///
/// # Errors
/// An environment variable is missing or invalid, or the host is gone.
pub async fn run(host: impl Host) -> Result<(), Error> {
    let config = Config::read(&host.environment())
        .inspect_err(|error| tracing::error!(%error, "notifier cannot start"))?;
    let sdk = host
        .load(aws_config::defaults(BehaviorVersion::v2026_01_12()))
        .await;
    let aws = Aws::new(&sdk, &config);
    open_connections(&CALLS.apply(&sdk), connections).await;
    let notifier = Notifier::new(aws, config.settings, fastrand::u64(..));
    host.serve(async |event, time_left| {
        metrics::measured_batch(time_left, Box::pin(notifier.handle(event, time_left))).await
    })
    .await
}
