//! The turns of the tests on a shared stack.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURNS: RwLock<()> = RwLock::const_new(());

/// A test's turn on the shared stack. It ends when the value is dropped.
pub(super) enum Turn {
    /// Other tests run at the same time.
    Shared { _guard: RwLockReadGuard<'static, ()> },
    /// No other test runs.
    Exclusive { _guard: RwLockWriteGuard<'static, ()> },
}

impl Turn {
    pub(super) async fn take_shared() -> Self {
        Self::Shared {
            _guard: TURNS.read().await,
        }
    }

    pub(super) async fn take_exclusive() -> Self {
        Self::Exclusive {
            _guard: TURNS.write().await,
        }
    }
}
