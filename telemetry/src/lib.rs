//! What the functions log: one JSON line an event on standard output, which Lambda collects.
//!
//! **Invariant:** no line holds a payload. What is below `info` in the modules that would write one is kept out, and of a
//! panic only the place is told.

use tracing_subscriber::EnvFilter;

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
    // Fails only when a subscriber is set already.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_env_filter(capped(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        ))
        .try_init();
    // The default hook prints the panic's message, which may quote an order.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
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
