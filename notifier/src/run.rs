//! The function's life: settings and clients are made once, then one batch follows another.

use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::adapters::Aws;
use crate::config::Config;
use crate::notifier::Notifier;

/// Runs the notifier until its process ends, with its settings from the environment (see [`Config`]).
pub async fn run() -> Result<(), Error> {
    start_logs();
    // As a text, since a program's end shows the error in its debug form.
    let config =
        Config::from_environment(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    let aws = Aws::connect(&config).await;
    let notifier = Notifier::new(aws, config.settings, fastrand::Rng::new());
    let notifier = &notifier;
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Value>| {
        let time_left = event
            .context
            .deadline()
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO);
        notifier
            .handle(event.payload, time_left)
            .await
            .map_err(Error::from)
    }))
    .await
}

/// One JSON line an event, as Lambda's log format expects, filtered by `RUST_LOG`.
fn start_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Who runs the function inside a program of their own may have a subscriber already.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter)
        .try_init();
    // The default hook prints the panic's message, which may quote an order.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}
