//! The subscriber of a function: JSON lines without payloads, at the levels that are asked for.

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

use crate::lines::Lines;

/// Below `info` these modules log whole payloads, which hold personal data. `RUST_LOG` can still name a module inside them.
const CAPPED: [&str; 4] = [
    "lambda_runtime",
    "lambda_runtime_api_client",
    "aws_smithy_runtime",
    "aws_smithy_runtime_api",
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
    let lines = tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields::new())
        .event_format(Lines { service })
        .with_writer(writer);
    tracing_subscriber::registry().with(lines).with(targets(levels))
}

/// The level of each module. `Targets` knows modules alone: a filter of spans and fields would bring an engine for regular expressions into
/// each function.
fn targets(levels: &str) -> Targets {
    let targets: Targets = directives(levels)
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO));
    targets.with_targets(CAPPED.map(|module| (module, LevelFilter::INFO)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A line below it costs one comparison: the SDK has many.
    #[test]
    fn the_highest_level_of_any_module_is_the_highest_of_the_process() {
        let cases = [
            ("info", LevelFilter::INFO),
            ("info,order_worker=debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
            ("no level=at all", LevelFilter::INFO),
        ];
        for (levels, expected) in cases {
            let subscriber = subscriber_of(None, levels, std::io::sink);
            assert_eq!(subscriber.max_level_hint(), Some(expected), "{levels}");
        }
    }
}
