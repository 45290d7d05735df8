//! Whether commits succeed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use crate::error::StoreError;

/// The last commit that failed.
#[derive(Clone, Debug)]
pub struct FailedCommit {
    /// When it failed, by the machine's clock.
    pub at: SystemTime,
    /// The reason.
    pub reason: String,
}

/// Whether commits succeed. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    failing: bool,
    full: bool,
    last: Option<FailedCommit>,
    warned: Option<Instant>,
    /// Number of failures since the last warning.
    unreported: u64,
}

impl State {
    /// Counts a failure. Returns the number of failures to warn of now, at most once a minute.
    fn warning(&mut self, now: Instant) -> Option<u64> {
        self.unreported += 1;
        if self.warned.is_some_and(|at| now < at + WARNING_INTERVAL) {
            return None;
        }
        self.warned = Some(now);
        Some(std::mem::take(&mut self.unreported))
    }
}

/// Time between two warnings while commits fail.
const WARNING_INTERVAL: std::time::Duration = std::time::Duration::from_mins(1);

impl Health {
    /// Keeps the failure, and warns of it unless a warning is less than a minute old.
    pub(crate) fn failed(&self, error: &StoreError) {
        let mut state = self.lock();
        state.failing = true;
        state.last = Some(FailedCommit {
            at: SystemTime::now(),
            reason: error.to_string(),
        });
        if let Some(failures) = state.warning(Instant::now()) {
            tracing::warn!(%error, failures, "writing to the database failed; reads go on");
        }
    }

    /// A commit wrote something.
    pub(crate) fn succeeded(&self) {
        let mut state = self.lock();
        if state.failing && !state.full {
            tracing::warn!("the database can be written again");
            state.failing = false;
        }
    }

    /// Whether work that stores more is refused.
    pub(crate) fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// Whether work that stores more is refused.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().full
    }

    /// Returns true if the last commit that wrote something failed, or the disk is full.
    pub(crate) fn is_failing(&self) -> bool {
        let state = self.lock();
        state.failing || state.full
    }

    pub(crate) fn last_failure(&self) -> Option<FailedCommit> {
        self.lock().last.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn failures_are_warned_of_once_a_minute() {
        let mut state = State::default();
        let start = Instant::now();
        let warnings: Vec<_> = (0..180)
            .filter_map(|second| state.warning(start + Duration::from_secs(second)))
            .collect();
        assert_eq!(warnings, [1, 60, 60]);
    }
}
