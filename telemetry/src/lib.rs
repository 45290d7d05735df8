//! Logs and metrics of the functions: one JSON line per event on standard output, which Lambda collects.
//!
//! The ids of the invocation are in every line that is written during it: they are fields of its span ([`invocation()`]).
//! docs/LOGGING.md has all fields.
//!
//! **Invariant:** no line holds a payload. Modules that log payloads below the level `info` are limited to `info`, and of a panic
//! only the location is logged.

mod hosted;
mod invocation;
mod lines;
pub mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod output;
mod panics;
mod subscriber;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod trace_header;

pub use hosted::{HostedTelemetry, init_hosted};
pub use invocation::{end_invocation, invocation, link_trace};
pub use output::Output;
use subscriber::subscriber_of;
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::registry::LookupSpan;

/// Sets up logging and metrics at the level of `RUST_LOG`, or `info`. A program that runs a function inside itself may have set a subscriber
/// before; that one then logs.
pub fn init() {
    let levels = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let subscriber = subscriber(&levels, std::io::stdout);
    #[cfg(feature = "otlp")]
    let subscriber = otlp::exporting(subscriber);
    // Fails only if a subscriber is set.
    let _ = tracing::subscriber::set_global_default(subscriber);
    metrics::init(&levels);
    panics::log_and_count();
}

/// The subscriber of [`init`], writing to `writer`. Levels that cannot be parsed are `info`.
pub fn subscriber<W>(
    levels: &str,
    writer: W,
) -> impl Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    subscriber_of(std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok(), levels, writer)
}
