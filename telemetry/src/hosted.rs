//! Telemetry of a function that runs inside another program, on a thread of its own.
//!
//! The thread has its own subscriber, so that the program's lines and those of other functions stay apart. The metrics of all functions
//! are in one collector: a program can have only one.

use std::io::{self, Write};
use std::sync::Arc;

use tracing::subscriber::DefaultGuard;

use crate::output::Output;
use crate::subscriber::subscriber_of;
use crate::{metrics, panics};

/// Logs and counts what one function does on this thread, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct HostedTelemetry {
    _subscriber: DefaultGuard,
    _metrics: metrics::HostedMetrics,
}

/// Sets up logging at `levels` and metrics for the function `service` on this thread. `output` takes the lines.
pub fn init_hosted(service: &str, levels: &str, output: &Output) -> HostedTelemetry {
    let writer = Arc::clone(output);
    let subscriber = subscriber_of(Some(service.to_owned()), levels, move || {
        OneLine(Arc::clone(&writer))
    });
    panics::log_and_count_hosted();
    HostedTelemetry {
        _subscriber: tracing::subscriber::set_default(subscriber),
        _metrics: metrics::init_hosted(service, Arc::clone(output)),
    }
}

/// Passes on what the formatter writes: one whole line at a time.
struct OneLine(Output);

impl Write for OneLine {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        (self.0)(line.strip_suffix(b"\n").unwrap_or(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
