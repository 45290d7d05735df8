//! Something that must be durable before a deletion is committed.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Makes what callers wrote elsewhere durable. Callers that come while it works share the next turn.
#[derive(Clone)]
pub struct Barrier(Arc<Inner>);

struct Inner {
    sync: Box<dyn Fn() -> io::Result<()> + Send + Sync>,
    /// Number of turns that have begun.
    begun: AtomicU64,
    /// The last turn that succeeded. Held during a turn.
    succeeded: Mutex<u64>,
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier").finish_non_exhaustive()
    }
}

impl Barrier {
    /// Creates a barrier that `sync` makes pass. It may block.
    #[must_use]
    pub fn new(sync: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            sync: Box::new(sync),
            begun: AtomicU64::new(0),
            succeeded: Mutex::new(0),
        }))
    }

    /// Returns when a turn has succeeded that began after this call.
    pub(crate) async fn pass(&self) -> io::Result<()> {
        let begun = self.0.begun.load(Ordering::Acquire);
        let mut succeeded = self.0.succeeded.lock().await;
        if *succeeded > begun {
            return Ok(());
        }
        let turn = self.0.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let inner = Arc::clone(&self.0);
        let synced = tokio::task::spawn_blocking(move || (inner.sync)()).await;
        synced.unwrap_or_else(|error| Err(io::Error::other(error)))?;
        *succeeded = turn;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test]
    async fn callers_share_a_turn_but_not_one_that_began_before_them() {
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        let barrier = Barrier::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let passes = (0..100).map(|_| {
            let barrier = barrier.clone();
            async move { barrier.pass().await }
        });
        let mut all = tokio::task::JoinSet::new();
        for pass in passes {
            all.spawn(pass);
        }
        for passed in all.join_all().await {
            passed.unwrap();
        }
        // The first turn serves its own caller; those that came meanwhile share the second.
        assert_eq!(turns.load(Ordering::Relaxed), 2);
        barrier.pass().await.unwrap();
        assert_eq!(turns.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_turn_that_fails_lets_nobody_pass() {
        let barrier = Barrier::new(|| Err(io::Error::other("on purpose")));
        assert!(barrier.pass().await.is_err());
        assert!(barrier.pass().await.is_err());
    }
}
