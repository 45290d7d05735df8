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
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn callers_share_a_turn_but_not_one_that_began_before_them() {
        let (turns, arrived) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&turns);
        // A turn waits until the sender is dropped.
        let (sender, gate) = mpsc::channel::<()>();
        let gate = std::sync::Mutex::new(gate);
        let barrier = Barrier::new(move || {
            let _dropped = gate.lock().unwrap().recv();
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (barrier, arrived) = (barrier.clone(), Arc::clone(&arrived));
            all.spawn(async move {
                arrived.fetch_add(1, Ordering::Relaxed);
                barrier.pass().await
            });
        }
        // This runtime has one thread: a caller that has arrived has begun to wait, too.
        while arrived.load(Ordering::Relaxed) < 100 {
            tokio::task::yield_now().await;
        }
        drop(sender);
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
