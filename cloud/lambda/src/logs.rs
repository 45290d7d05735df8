//! The destinations of functions' output.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cloud_billing::logs::{InvocationStatus, SystemLogLevel};
use cloud_billing::{Meter, Source, logs};
use cloud_cloudwatch::CloudWatch;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::log_file::LogFile;

/// Writes a function's output, one line at a time.
#[derive(Clone, Debug)]
pub struct LogSink {
    function: Arc<str>,
    target: Target,
    watcher: Option<Watcher>,
    meter: Option<Meter>,
    /// Which events of Lambda itself are billed.
    system_level: SystemLogLevel,
    /// The last line that is not empty.
    last_line: Arc<Mutex<String>>,
}

/// Reads the metrics in the lines.
#[derive(Clone, Debug)]
struct Watcher {
    cloud_watch: CloudWatch,
    log_group: Arc<str>,
}

#[derive(Clone, Debug)]
enum Target {
    /// A file in the data directory.
    File(Arc<Mutex<LogFile>>),
    /// The log of this program. Used if there is no data directory.
    Tracing,
    /// The lines are dropped, because the function's role may not write logs.
    Nowhere,
}

/// The maximum length of a line. Longer lines are split, so that one line cannot fill the memory.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// How much of the last line is kept in memory.
const MAX_LAST_LINE_BYTES: usize = 1024;
/// Size in bytes at which a log file is replaced.
const MAX_FILE_BYTES: u64 = 10 * 1024 * 1024;

impl LogSink {
    /// Creates a sink that writes lines to `tracing`.
    #[must_use]
    pub fn tracing(function: &str) -> Self {
        Self::to(function, Target::Tracing)
    }

    /// Creates a sink that drops all lines, as on AWS if the function's role may not write logs.
    #[must_use]
    pub fn nowhere(function: &str) -> Self {
        Self::to(function, Target::Nowhere)
    }

    /// Creates a sink that appends lines to `NAME.log` in a directory. Creates the directory if needed.
    ///
    /// A file of 10 MiB is renamed to `NAME.log.1`, and the one that had this name is removed. So a function's logs take
    /// 20 MiB at most.
    ///
    /// # Errors
    /// Returns an error if the directory or the file cannot be written.
    pub fn file(function: &str, directory: &Path) -> io::Result<Self> {
        // Only their owner may read them.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
        let file = LogFile::open(directory.join(format!("{function}.log")), MAX_FILE_BYTES)?;
        let target = Target::File(Arc::new(Mutex::new(file)));
        Ok(Self::to(function, target))
    }

    fn to(function: &str, target: Target) -> Self {
        Self {
            function: function.into(),
            target,
            watcher: None,
            meter: None,
            system_level: SystemLogLevel::default(),
            last_line: Arc::default(),
        }
    }

    /// Passes each line to `CloudWatch` as well, as a line of this log group. Lines that are dropped have no metrics either.
    #[must_use]
    pub fn watched_by(mut self, cloud_watch: CloudWatch, log_group: &str) -> Self {
        if !matches!(self.target, Target::Nowhere) {
            self.watcher = Some(Watcher {
                cloud_watch,
                log_group: log_group.into(),
            });
        }
        self
    }

    /// Counts the bytes of each line that is not dropped, as CloudWatch Logs bills them, and those of the lines that Lambda itself would write
    /// at this level.
    #[must_use]
    pub fn metered_by(mut self, meter: Meter, system_level: SystemLogLevel) -> Self {
        if !matches!(self.target, Target::Nowhere) {
            self.meter = Some(meter);
            self.system_level = system_level;
        }
        self
    }

    /// Counts what Lambda itself logs about an invocation.
    pub(crate) fn bill_invocation(&self, status: InvocationStatus) {
        if let Some(meter) = &self.meter {
            let units = logs::invocation(self.system_level, status);
            meter.add(&Source::Function(&self.function), units);
        }
    }

    /// Writes one line. If this fails, the error is only logged, because it must not stop the function.
    pub fn line(&self, line: &[u8]) {
        if let Some(watcher) = &self.watcher {
            watcher.cloud_watch.read_line(&watcher.log_group, line);
        }
        if let Some(meter) = &self.meter {
            meter.add(&Source::Function(&self.function), logs::event(line));
        }
        self.keep(line);
        let file = match &self.target {
            Target::File(file) => file,
            Target::Tracing => {
                let line = String::from_utf8_lossy(line);
                tracing::info!(target: "local_cloud::function", function = &*self.function, "{line}");
                return;
            }
            Target::Nowhere => return,
        };
        let mut text = Vec::with_capacity(line.len() + 1);
        text.extend_from_slice(line);
        text.push(b'\n');
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.append(&text);
        // On a full disk every line fails. One warning for each outage is enough.
        let was_failing = std::mem::replace(&mut file.failing, written.is_err());
        if let Err(error) = written
            && !was_failing
        {
            tracing::warn!(function = &*self.function, %error, "log lines cannot be written");
        }
    }

    /// Returns the beginning of the last line that is not empty, on one line.
    #[must_use]
    pub fn last_line(&self) -> String {
        self.last_line
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn keep(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(&line[..line.len().min(MAX_LAST_LINE_BYTES)]);
        let text = text.trim();
        if !text.is_empty() {
            let mut last = self.last_line.lock().unwrap_or_else(PoisonError::into_inner);
            last.clear();
            last.extend(text.chars().filter(|character| !character.is_control()));
        }
    }

    /// Copies the output of a process until it ends.
    pub(crate) async fn copy(self, output: impl AsyncRead + Unpin) {
        use tokio::io::AsyncReadExt;
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader)
                .take(MAX_LINE_BYTES)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) | Err(_) => return,
                Ok(_) => self.line(line.strip_suffix(b"\n").unwrap_or(&line)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_appended_whole() {
        let directory = tempfile::tempdir().unwrap();
        let sink = LogSink::file("f", directory.path()).unwrap();
        sink.clone().copy(&b"one\ntwo"[..]).await;
        sink.clone().copy(&b"three\n\n"[..]).await;
        let text = std::fs::read_to_string(directory.path().join("f.log")).unwrap();
        assert_eq!(text, "one\ntwo\nthree\n\n");
        assert_eq!(sink.last_line(), "three");
    }

    #[tokio::test]
    async fn the_metrics_in_lines_are_read_unless_the_lines_are_dropped() {
        let line = br#"{"_aws": {"CloudWatchMetrics": [{"Namespace": "Test", "Dimensions": [[]], "Metrics": [{"Name": "Count"}]}]}, "Count": 4}"#;
        for (sink, metrics) in [(LogSink::tracing("f"), 1), (LogSink::nowhere("f"), 0)] {
            let cloud_watch = CloudWatch::default();
            sink.watched_by(cloud_watch.clone(), "/aws/lambda/f")
                .copy(&line[..])
                .await;
            assert_eq!(cloud_watch.metrics().len(), metrics);
        }
    }

    #[tokio::test]
    async fn lambdas_own_lines_are_billed_by_their_level() {
        for (level, bytes) in [(SystemLogLevel::Info, 428), (SystemLogLevel::Warn, 0)] {
            let meter = Meter::default();
            let sink = LogSink::tracing("f").metered_by(meter.clone(), level);
            sink.bill_invocation(InvocationStatus::Success);
            let usage = meter.read();
            assert_eq!(usage.stack["function f"].lambda_log_bytes, bytes);
        }
    }
}
