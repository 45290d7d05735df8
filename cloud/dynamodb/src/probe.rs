//! Finds out whether the engine still works.

use std::time::Duration;

use crate::service::DynamoDb;

/// How long a probe waits for the engine's lock. An engine that is busy for longer works.
const PATIENCE: Duration = Duration::from_secs(2);

impl DynamoDb {
    /// Asks the engine for something that costs nothing.
    ///
    /// A panic inside the engine leaves its lock poisoned. It then fails every call until the next start.
    ///
    /// # Errors
    /// Returns the engine's reason if it fails.
    pub async fn probe(&self) -> Result<(), String> {
        let database = self.database().clone();
        let probe = tokio::task::spawn_blocking(move || database.table_count());
        match tokio::time::timeout(PATIENCE, probe).await {
            Ok(Ok(Ok(_))) | Err(_) => Ok(()),
            Ok(Ok(Err(error))) => Err(error.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use dynoxide::Database;
    use dynoxide::storage_backend::Clock;

    use super::*;

    /// A clock that makes the engine panic while it holds its lock.
    #[derive(Debug, Default)]
    struct Broken(AtomicBool);

    impl Clock for Broken {
        fn now_unix_secs(&self) -> u64 {
            assert!(!self.0.load(Ordering::Relaxed), "on purpose");
            1
        }

        fn now_unix_secs_f64(&self) -> f64 {
            assert!(!self.0.load(Ordering::Relaxed), "on purpose");
            1.0
        }
    }

    #[tokio::test]
    async fn an_engine_that_died_of_a_panic_is_noticed() {
        let clock = Arc::new(Broken::default());
        let database = Database::memory_with_clock(Arc::clone(&clock) as _).unwrap();
        let db = DynamoDb::of(database.clone()).await.unwrap();
        assert_eq!(db.probe().await, Ok(()));
        clock.0.store(true, Ordering::Relaxed);
        let panicked = std::thread::spawn(move || database.sweep_ttl()).join();
        assert!(panicked.is_err());
        clock.0.store(false, Ordering::Relaxed);
        let error = db.probe().await.unwrap_err();
        assert!(error.contains("poisoned"), "{error}");
    }
}
