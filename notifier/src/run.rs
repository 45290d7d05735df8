//! Starts the function: logs, configuration, clients, runtime.

use aws_config::BehaviorVersion;
use function_runtime::Environment;
use function_runtime::aws::serve;
use lambda_runtime::Error;
use telemetry::metrics;

use crate::adapters::Aws;
use crate::config::Config;
use crate::notifier::Notifier;

/// Runs the function until Lambda ends its process.
///
/// # Errors
/// An environment variable is missing or invalid, or the Runtime API is gone.
pub async fn run() -> Result<(), Error> {
    telemetry::init();
    let config = Config::read(&Environment::of_process())
        .inspect_err(|error| tracing::error!(%error, "notifier cannot start"))?;
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let notifier = Notifier::new(Aws::new(&sdk, &config), config.settings, fastrand::u64(..));
    serve(async |event, time_left| {
        metrics::measured_batch(time_left, Box::pin(notifier.handle(event, time_left))).await
    })
    .await
}
