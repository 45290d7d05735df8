//! The subscriber of a function: JSON lines without payloads, at the levels that are asked for.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::registry::LookupSpan;

use crate::lines::Lines;

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

/// The subscriber of the function `service`.
pub(crate) fn subscriber_of<W>(
    service: Option<String>,
    levels: &str,
    writer: W,
) -> impl Subscriber + for<'lookup> LookupSpan<'lookup> + Send + Sync + use<W>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(Lines { service })
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
