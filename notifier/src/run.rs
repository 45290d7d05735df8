//! The function's life: settings and clients are made once, then one batch follows another.

use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::adapters::Aws;
use crate::config::Config;
use crate::notifier::Notifier;

/// Runs the notifier until its process ends, with its settings from the environment (see [`Config`]).
pub async fn run() -> Result<(), Error> {
    telemetry::init();
    // As a text, since a program's end shows the error in its debug form.
    let config =
        Config::from_environment(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    let sdk = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
    let notifier = Notifier::new(Aws::new(sdk, &config), config.settings, fastrand::u64(..));
    let notifier = &notifier;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let time_left = event
            .context
            .deadline()
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO);
        // Boxed: with the runtime's own layers the compiler would give up on a future of this depth.
        Box::pin(notifier.handle(event.payload, time_left))
            .await
            .map_err(Error::from)
    }))
    .await
}
