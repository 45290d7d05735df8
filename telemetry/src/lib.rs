//! Logs and metrics of the functions: one JSON line per event on standard output, which Lambda collects.
//!
//! The ids of the invocation are in every line that is written during it: they are fields of the span `invocation`, which
//! `function-runtime` opens. docs/LOGGING.md has all fields.
//!
//! **Invariant:** no line holds a payload. Modules that log payloads below the level `info` are limited to `info`, and of a panic
//! only the location is logged.

mod lines;
pub mod metrics;
mod panics;

use lines::Lines;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;

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
    // Fails only if a subscriber is set.
    let _ = tracing::subscriber::set_global_default(subscriber(&levels, std::io::stdout));
    metrics::init(&levels);
    panics::log_and_count();
}

/// The subscriber of [`init`], writing to `writer`. Levels that cannot be parsed are `info`.
pub fn subscriber<W>(levels: &str, writer: W) -> impl Subscriber + Send + Sync
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

    fn logged(levels: &str, work: impl FnOnce()) -> Vec<serde_json::Value> {
        let written = Written::default();
        let writer = written.clone();
        tracing::subscriber::with_default(subscriber(levels, move || writer.clone()), work);
        let written = written.0.lock().unwrap();
        let lines = written
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn every_line_of_an_invocation_has_its_ids_at_any_level() {
        for levels in ["error", "info", "trace"] {
            let lines = logged(levels, || {
                let span = tracing::error_span!("invocation", function_request_id = "r1", cold_start = true);
                span.in_scope(|| tracing::error!(order_id = %7, count = 3, "inside"));
                tracing::error!("outside");
            });
            assert_eq!(lines[0]["function_request_id"], "r1");
            assert_eq!(lines[0]["cold_start"], true);
            assert_eq!(lines[0]["order_id"], "7");
            assert_eq!(lines[0]["count"], 3);
            assert_eq!(
                (&lines[0]["level"], &lines[0]["message"]),
                (&"ERROR".into(), &"inside".into())
            );
            assert!(lines[1].get("function_request_id").is_none());
        }
    }

    #[test]
    fn a_usual_line_has_no_trace_and_every_other_one_has() {
        let lines = logged("debug", || {
            let span =
                tracing::error_span!("invocation", function_request_id = "r1", xray_trace_id = "1-2-3");
            span.in_scope(|| {
                tracing::info!("usual");
                tracing::debug!("more");
                tracing::warn!("unusual");
            });
        });
        let traces: Vec<_> = lines.iter().map(|line| line.get("xray_trace_id")).collect();
        let trace = "1-2-3".into();
        assert_eq!(traces, [None, Some(&trace), Some(&trace)]);
        assert!(lines.iter().all(|line| line["function_request_id"] == "r1"));
    }

    #[test]
    fn a_level_applies_to_this_systems_crates_and_others_stay_at_info() {
        let lines = logged("debug", || {
            tracing::debug!(target: "order_api::handler", "own");
            tracing::debug!(target: "hyper_util::client", "other");
            tracing::info!(target: "hyper_util::client", "other");
        });
        let levels: Vec<_> = lines
            .iter()
            .map(|line| (line["message"].as_str().unwrap(), line["level"].as_str().unwrap()))
            .collect();
        assert_eq!(levels, [("own", "DEBUG"), ("other", "INFO")]);
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
