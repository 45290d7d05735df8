//! Logging of the functions: one JSON line per event on standard output, which Lambda collects.
//!
//! **Invariant:** no line holds a payload. Modules that log payloads below the level `info` are limited to `info`, and of a panic
//! only the location is logged.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Below `info` these modules log whole payloads, which hold personal data. `RUST_LOG` can still name a module inside them.
const CAPPED: [&str; 4] = [
    "lambda_runtime=info",
    "lambda_runtime_api_client=info",
    "aws_smithy_runtime=info",
    "aws_smithy_runtime_api=info",
];

/// Sets up logging at the level of `RUST_LOG`, or `info`. A program that runs a function inside itself may have set a subscriber
/// before; that one then logs.
pub fn init() {
    let levels = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    // Fails only if a subscriber is set.
    let _ = tracing::subscriber::set_global_default(subscriber(&levels, std::io::stdout));
    // The default hook prints the panic's message, which may quote an order.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "panicked");
    }));
}

/// The subscriber of [`init`], writing to `writer`. Levels that cannot be parsed are `info`.
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
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps the written bytes.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_level_lets_a_runtime_log_payloads() {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber("trace", move || writer.clone()), || {
            // A subscriber reads the target of an event from its call site, so that each needs one of its own.
            macro_rules! log_from {
                ($($target:literal),*) => {$(
                    tracing::debug!(target: $target, "payload");
                    tracing::info!(target: $target, "started");
                )*};
            }
            log_from!(
                "lambda_runtime",
                "lambda_runtime::layers::api_client",
                "lambda_runtime_api_client",
                "aws_smithy_runtime::client::http",
                "aws_smithy_runtime_api"
            );
            tracing::trace!(target: "order_worker", "own");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(!written.contains("payload"), "{written}");
        assert_eq!(written.matches("started").count(), 5, "{written}");
        assert_eq!(written.matches("own").count(), 1, "{written}");
    }
}
