//! Waiting for a condition, with a timeout.

use std::time::{Duration, Instant};

use integration_tests::time_limit::TimeLimit;

use super::target::Target;

/// The timeout until all work is done after a kill. The messages that a killed system had in flight come back in several
/// groups, one after the other.
pub(crate) const SETTLE_TIMEOUT: Duration = Duration::from_mins(10);

/// Waits until a condition returns a value.
pub(crate) async fn eventually<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    eventually_within(Target::get().timeout(), what, condition).await
}

/// The same with another timeout.
pub(crate) async fn eventually_within<T>(
    timeout: Duration,
    what: &str,
    mut condition: impl AsyncFnMut() -> Option<T>,
) -> T {
    let target = Target::get();
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "after {timeout:?} this is still not true: {what}"
        );
        tokio::time::sleep(target.poll_interval()).await;
    }
}

/// Starts the time limit of a test. [`Sandbox`](super::Sandbox) does so for the tests that have one.
pub(crate) fn start_time_limit() -> TimeLimit {
    TimeLimit::start(Target::get().test_time_limit())
}

/// Runs asynchronous work for a caller that is not asynchronous or that unwinds, on a thread and a runtime of its own.
/// `Err` holds a panic of the work.
pub(super) fn run_on_thread<T: Send, F: Future<Output = T>>(
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
    /// The timeout of a condition, much longer than it takes on a busy machine. Only a failure waits so long.
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Local => Duration::from_mins(3),
            // Retries back off, and an event source mapping with a batching window may wait 20 seconds for messages.
            Self::Stack(_) => Duration::from_mins(10),
        }
    }

    /// The time limit of a whole test, far above the sum of its waits.
    fn test_time_limit(&self) -> Duration {
        match self {
            Self::Local => Duration::from_mins(30),
            // A test may wait until no other test runs.
            Self::Stack(_) => Duration::from_hours(2),
        }
    }

    fn poll_interval(&self) -> Duration {
        match self {
            Self::Local => Duration::from_millis(25),
            Self::Stack(_) => Duration::from_millis(500),
        }
    }
}
