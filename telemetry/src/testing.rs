//! Reads what a piece of work logs. For the tests of this crate, and of those that have the feature `testing`.

#![expect(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, with a line number"
)]

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

/// A dispatcher that nobody uses. As long as there is one dispatcher only, `tracing` disables a log line for all threads if the thread
/// that meets it first has no subscriber. Tests run in several threads.
static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));

/// Keeps the written bytes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `work` in this thread. Returns the lines that it logs at these levels, as the functions write them.
///
/// # Panics
/// A line is no JSON.
pub fn logged(levels: &str, work: impl FnOnce()) -> Vec<Value> {
    LazyLock::force(&SECOND);
    let written = Written::default();
    let writer = written.clone();
    tracing::subscriber::with_default(crate::subscriber(levels, move || writer.clone()), work);
    let written = written.0.lock().unwrap();
    written
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn log() {
        tracing::error!("a line that another thread meets first");
    }

    #[test]
    fn a_line_that_another_thread_met_first_is_read() {
        let lines = logged("info", || {
            thread::spawn(log).join().unwrap();
            log();
        });
        assert_eq!(lines.len(), 1);
    }
}
