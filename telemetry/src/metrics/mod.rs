//! Metrics in CloudWatch's embedded metric format: lines of the log, from which CloudWatch makes metrics. They need no call.
//!
//! Values are collected during an invocation and written at its end, in one line. Without [`crate::init`] everything here does nothing:
//! tests and the simulation have no collector.
//!
//! Why `metrics_cloudwatch_embedded`: docs/LOGGING.md compares it with others.

mod embedded;
mod hosted;
mod names;

use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use metrics_cloudwatch_embedded::{Builder, Collector};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime as Now};

use embedded::{MAX_VALUES, NAMESPACE, REASON, SERVICE};
pub(crate) use hosted::{HostedMetrics, init_hosted, is_hosted};
pub use names::{Count, Measure};

/// The collector of this process.
static COLLECTOR: OnceLock<Metrics> = OnceLock::new();

struct Metrics {
    collector: &'static Collector,
    /// The values of each measure since the last flush.
    pending: [AtomicUsize; Measure::ALL.len()],
    /// The level of the lines, if Lambda filters lines of the level `INFO`.
    level: Option<&'static str>,
    is_cold: AtomicBool,
}

/// Begins to collect. `levels` is that of the log.
pub(crate) fn init(levels: &str) {
    let service = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let builder = Builder::new().cloudwatch_namespace(NAMESPACE);
    // Fails only if the process has a collector.
    if let Ok(collector) = builder.with_dimension(SERVICE, service).init() {
        // No unit: it would be in every line, for each order again. docs/LOGGING.md says which values are milliseconds.
        let _ = COLLECTOR.set(Metrics {
            collector,
            pending: Default::default(),
            level: level(levels),
            is_cold: AtomicBool::new(true),
        });
    }
}

/// The level that a line of metrics needs. Lambda takes a line without a level for `INFO`, and drops it if `ApplicationLogLevel`
/// is higher.
fn level(levels: &str) -> Option<&'static str> {
    match levels {
        "error" => Some("ERROR"),
        "warn" => Some("WARN"),
        _ => None,
    }
}

/// Counts something that happened.
pub fn count(what: Count, number: usize) {
    if number == 0 {
        return;
    }
    match hosted::service() {
        Some(service) => metrics::counter!(what.name(), SERVICE => service).increment(number as u64),
        None => metrics::counter!(what.name()).increment(number as u64),
    }
}

/// Counts something that happened for a reason: once in all, and once by the reason.
pub fn count_by_reason(what: Count, reason: &str, number: usize) {
    if number == 0 {
        return;
    }
    count(what, number);
    let (name, reason) = (what.name(), reason.to_owned());
    match hosted::service() {
        Some(service) => {
            metrics::counter!(name, SERVICE => service, REASON => reason).increment(number as u64);
        }
        None => metrics::counter!(name, REASON => reason).increment(number as u64),
    }
}

/// Records a value of a measure.
pub fn record(what: Measure, value: f64) {
    if hosted::record(what, value) {
        return;
    }
    if let Some(metrics) = COLLECTOR.get()
        && metrics.pending[what as usize].fetch_add(1, Ordering::Relaxed) >= MAX_VALUES
    {
        flush();
        metrics.pending[what as usize].store(1, Ordering::Relaxed);
    }
    metrics::histogram!(what.name()).record(value);
}

/// Records a number of things.
pub fn record_size(what: Measure, number: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a batch has fewer than 2^53 entries")]
    record(what, number as f64);
}

/// Records the time from a moment to another, in milliseconds. A clock that was set back gives 0.
pub fn record_age(what: Measure, from_ms: i64, to_ms: i64) {
    let milliseconds = to_ms.saturating_sub(from_ms).max(0);
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
    record(what, milliseconds as f64);
}

/// Runs an invocation, and writes what was counted in it.
pub async fn measured<T>(work: impl Future<Output = T>) -> T {
    let is_cold = hosted::takes_coldness().unwrap_or_else(|| {
        COLLECTOR
            .get()
            .is_some_and(|metrics| metrics.is_cold.swap(false, Ordering::Relaxed))
    });
    if is_cold {
        count(Count::ColdStarts, 1);
    }
    let answer = work.await;
    flush();
    answer
}

/// The same for a batch, whose function has to leave time for what follows it.
pub async fn measured_batch<T>(time_left: Duration, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    measured(async {
        let answer = work.await;
        let left = time_left.saturating_sub(began.elapsed());
        record(Measure::TimeLeft, (left.as_secs_f64() * 1000.0).round());
        answer
    })
    .await
}

/// Writes the values since the last flush. A log that cannot be written has no other place for an error.
fn flush() {
    if hosted::flush() {
        return;
    }
    let Some(metrics) = COLLECTOR.get() else {
        return;
    };
    for pending in &metrics.pending {
        pending.store(0, Ordering::Relaxed);
    }
    let _ = metrics.write(io::stdout().lock());
}

impl Metrics {
    fn write(&self, writer: impl Write) -> io::Result<()> {
        if let Some(level) = self.level {
            // Lambda reads the level of a line only if it has a timestamp in RFC 3339.
            let mut timestamp = String::new();
            let _ = Now.format_time(&mut Writer::new(&mut timestamp));
            self.collector.set_property("level", level);
            self.collector.set_property("timestamp", timestamp);
        }
        self.collector.flush(writer)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Mutex, PoisonError};

    use serde_json::{Value, json};

    use super::*;

    /// The process of the tests has one collector, so that one test at a time uses it.
    static TURN: Mutex<()> = Mutex::new(());

    /// The lines about what was counted during `work`.
    pub(crate) fn lines_of(work: impl FnOnce()) -> Vec<Value> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        init("warn");
        let metrics = COLLECTOR.get().unwrap();
        work();
        let mut bytes = Vec::new();
        metrics.write(&mut bytes).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn values_are_written_once_with_the_function_as_dimension() {
        let lines = lines_of(|| {
            count(Count::OrdersConfirmed, 2);
            count(Count::OrdersConfirmed, 1);
            count(Count::Conflicts, 0);
            count_by_reason(Count::MessagesPutOff, "timeout", 1);
            record_age(Measure::AgeAtConfirmation, 1000, 1250);
            record_age(Measure::AgeAtConfirmation, 1000, 900);
        });
        assert_eq!(lines.len(), 2, "{lines:?}");
        let (all, by_reason) = (&lines[0], &lines[1]);
        assert_eq!(all["OrdersConfirmed"], 3);
        assert_eq!(all["MessagesPutOff"], 1);
        assert_eq!(all["AgeAtConfirmation"], json!([250.0, 0.0]));
        assert!(all.get("Conflicts").is_none());
        assert_eq!(
            (&all["level"], &by_reason["level"]),
            (&"WARN".into(), &"WARN".into())
        );
        assert!(all["timestamp"].as_str().unwrap().ends_with('Z'));
        let directive = &by_reason["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], NAMESPACE);
        assert_eq!(directive["Dimensions"], json!([["service", "reason"]]));
        assert_eq!(
            (&by_reason["reason"], &by_reason["MessagesPutOff"]),
            (&"timeout".into(), &1.into())
        );
    }

    #[test]
    fn more_values_than_a_line_may_have_are_written_before() {
        let lines = lines_of(|| {
            for value in 0..250 {
                record(Measure::BatchSize, f64::from(value));
            }
        });
        assert_eq!(lines[0]["BatchSize"].as_array().unwrap().len(), 50);
        assert!(lines_of(|| {}).is_empty());
    }

    #[test]
    fn lines_have_a_level_only_if_lambda_would_drop_them_otherwise() {
        assert_eq!(
            ["error", "warn", "info", "debug"].map(level),
            [Some("ERROR"), Some("WARN"), None, None]
        );
    }
}
