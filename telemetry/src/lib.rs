//! What the functions log: one JSON line an event on standard output, which Lambda collects.
//!
//! **Invariant:** no line holds a payload. What is below `info` in the modules that would write one is kept out, and of a
//! panic only the place is told.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Below `info` these log whole payloads, which hold personal data. `RUST_LOG` can still name one of their modules.
const CAPPED: [&str; 4] = [
    "lambda_runtime=info",
    "lambda_runtime_api_client=info",
    "aws_smithy_runtime=info",
    "aws_smithy_runtime_api=info",
];

/// Sets up logging at the level of `RUST_LOG`, or `info`. Who runs a function inside a program of their own may have a
/// subscriber already, which then does the logging.
pub fn init() {
    let levels = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    // Fails only when a subscriber is set already.
    let _ = tracing::subscriber::set_global_default(subscriber(&levels, std::io::stdout));
    // The default hook prints the panic's message, which may quote an order.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}

/// What [`init`] sets up, writing to `writer`: a test reads here what a function logs. Levels that cannot be read are
/// `info`.
pub fn subscriber<W>(levels: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        // A metric filter finds an event's fields at the top level.
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(capped(
            EnvFilter::try_new(levels).unwrap_or_else(|_| EnvFilter::new("info")),
        ))
        .with_writer(writer)
        .finish()
}

fn capped(filter: EnvFilter) -> EnvFilter {
    CAPPED
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_level_lets_a_runtime_log_payloads() {
        let filter = capped(EnvFilter::new("trace")).to_string();
        for directive in CAPPED {
            assert!(filter.split(',').any(|part| part == directive), "{filter}");
        }
    }
}
