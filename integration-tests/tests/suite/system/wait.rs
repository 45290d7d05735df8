//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

use super::target::Target;

/// Waits until a condition gives a value.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let target = Target::get();
    let patience = target.patience();
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "after {patience:?} it is not so that {what}"
        );
        tokio::time::sleep(target.pause()).await;
    }
}

impl Target {
    /// Far over what a condition takes on a busy machine: only a failure waits this long.
    fn patience(&self) -> Duration {
        match self {
            Self::Local => Duration::from_mins(1),
            // Retries back off, and a quiet queue with a window may wait 20 seconds.
            Self::Stack(_) => Duration::from_mins(3),
        }
    }

    /// From one look to the next.
    fn pause(&self) -> Duration {
        match self {
            Self::Local => Duration::from_millis(25),
            Self::Stack(_) => Duration::from_millis(500),
        }
    }
}
