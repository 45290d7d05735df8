//! Logging: JSON lines on standard output, which Lambda collects.

use std::panic;

use tracing_subscriber::EnvFilter;

/// Below `info` these log whole payloads, which hold personal data. `RUST_LOG` can still name one of their modules.
const CAPPED: [&str; 4] = [
    "lambda_runtime=info",
    "lambda_runtime_api_client=info",
    "aws_smithy_runtime=info",
    "aws_smithy_runtime_api=info",
];

/// Sets up logging at the level of `RUST_LOG`, or `info`. Does nothing when logging is set up already.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = CAPPED
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(filter);
    // Fails only when a subscriber is set already, which then does the logging.
    let _ = subscriber.try_init();
    // A panic's message may quote what it stumbled over: only its place is logged.
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}
