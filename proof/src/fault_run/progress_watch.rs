//! Noticing that a run makes no more progress.

use std::time::Duration;

use tokio::time::Instant;

/// Watches a number that must change within a time.
pub(super) struct ProgressWatch {
    patience: Duration,
    last: (u64, Instant),
}

impl ProgressWatch {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            last: (0, Instant::now()),
        }
    }

    /// Fails if the number has not changed within the patience.
    pub(super) fn check(&mut self, number: u64, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(self.has_changed(number), "for {:?} no more {what}", self.patience);
        Ok(())
    }

    /// Whether the number has changed within the patience.
    pub(super) fn has_changed(&mut self, number: u64) -> bool {
        if number != self.last.0 {
            self.last = (number, Instant::now());
        }
        self.last.1.elapsed() < self.patience
    }
}
