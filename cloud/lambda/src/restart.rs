//! The wait before a function is started again after its initialization failed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Delays the starts of a function that fails to initialize, so that it does not restart in a tight loop.
#[derive(Debug, Default)]
pub(crate) struct Restart(Mutex<State>);

#[derive(Clone, Debug, Default)]
struct State {
    failures: u32,
    /// Why the last start failed.
    reason: Option<String>,
    not_before: Option<Instant>,
}

impl Restart {
    /// Waits until the next start is allowed.
    pub(crate) async fn due(&self) {
        let not_before = self.0.lock().unwrap_or_else(PoisonError::into_inner).not_before;
        if let Some(not_before) = not_before {
            tokio::time::sleep_until(not_before).await;
        }
    }

    /// Keeps the reason, which holds no payload.
    pub(crate) fn failed(&self, reason: &impl std::fmt::Display) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.not_before = Some(Instant::now() + pause(state.failures));
        state.failures = state.failures.saturating_add(1);
        state.reason = Some(reason.to_string());
    }

    /// Returns why the last start failed, unless one has succeeded since.
    pub(crate) fn reason(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reason
            .clone()
    }

    pub(crate) fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}

/// The wait after this many earlier failures in a row.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << failures.min(10))
        .min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pauses: Vec<_> = (0..9).map(|failures| pause(failures).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[tokio::test]
    async fn a_success_makes_the_next_start_due() {
        let restart = Restart::default();
        restart.failed(&"no such program");
        assert_eq!(restart.reason().unwrap(), "no such program");
        assert!(restart.0.lock().unwrap().not_before.is_some());
        restart.succeeded();
        assert_eq!(restart.reason(), None);
        restart.due().await;
    }
}
