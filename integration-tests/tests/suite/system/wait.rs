//! Waiting for a condition, with a deadline.

use std::time::{Duration, Instant};

use super::target::Target;

/// How long everything may take to come to rest: what a killed system was working on comes back in parts, one after the
/// other.
pub(crate) const SETTLING: Duration = Duration::from_mins(10);

/// Waits until a condition gives a value.
pub(crate) async fn eventually<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(Target::get().patience(), what, condition).await
}

/// The same for what may take longer than others.
pub(crate) async fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let target = Target::get();
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

/// Does asynchronous work for a caller that is not, or that unwinds: on a thread and a runtime of its own. `Err` holds the
/// panic of the work.
pub(super) fn on_a_thread<T: Send, F: Future<Output = T>>(
    work: impl FnOnce() -> F + Send,
) -> std::thread::Result<T> {
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(work())
        });
        worker.join()
    })
}

impl Target {
    /// Far over what a condition takes on a busy machine: only a failure waits this long.
    pub(super) fn patience(&self) -> Duration {
        match self {
            Self::Local => Duration::from_mins(3),
            // Retries back off, and a quiet queue with a window may wait 20 seconds.
            Self::Stack(_) => Duration::from_mins(10),
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
