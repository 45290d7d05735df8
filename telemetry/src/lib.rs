//! Logs and metrics of the functions: one JSON line per event on standard output, which Lambda collects.
//!
//! The ids of the invocation are in every line that is written during it: they are fields of its span ([`invocation()`]).
//! docs/LOGGING.md has all fields.
//!
//! **Invariant:** no line holds a payload. Modules that log payloads below the level `info` are limited to `info`, and of a panic
//! only the location is logged.

mod invocation;
mod lines;
pub mod metrics;
#[cfg(feature = "otlp")]
mod otlp;
mod panics;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod trace_header;

pub use invocation::{end_invocation, invocation, link_trace};
use lines::Lines;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::registry::LookupSpan;

/// Below `info` these modules log whole payloads, which hold personal data. `RUST_LOG` can still name a module inside them.
const CAPPED: [&str; 4] = [
    "lambda_runtime=info",
    "lambda_runtime_api_client=info",
    "aws_smithy_runtime=info",
    "aws_smithy_runtime_api=info",
];

/// The crates whose lines a level applies to. The lines of all others are limited to `info`.
const OWN: [&str; 11] = [
    "order_api",
    "order_worker",
    "notifier",
    "catalog_api",
    "cover_resizer",
    "rest_function",
    "queue_consumer",
    "function_runtime",
    "order_core",
    "order_table",
    "telemetry",
];

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
    tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(Lines {
            service: std::env::var("AWS_LAMBDA_FUNCTION_NAME").ok(),
        })
        .with_env_filter(capped(
            EnvFilter::try_new(directives(levels)).unwrap_or_else(|_| EnvFilter::new("info")),
        ))
        .with_writer(writer)
        .finish()
}

/// Turns a level into one for this system's crates. Single modules with levels stay as they are.
fn directives(levels: &str) -> String {
    match levels {
        "debug" | "trace" => {
            let own = OWN.map(|name| format!(",{name}={levels}")).concat();
            format!("info{own}")
        }
        _ => levels.to_owned(),
    }
}

fn capped(filter: EnvFilter) -> EnvFilter {
    CAPPED
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive)
}
