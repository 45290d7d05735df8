//! Keeps the clock's reading over restarts.
//!
//! Due times and ages in the database are readings of [`Clock`], which never goes back. The next process goes on from
//! the last reading if the machine's clock was set back in between; otherwise a message in flight would stay hidden for
//! the length of the step. Limits: after a crash up to [`INTERVAL`] of readings are repeated, and a machine clock that is
//! set forward between two processes looks like time in which none ran.

use std::time::Duration;

use cloud_store::{Store, StoreError, Tx};
use cloud_wire::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

/// The table, as a step of `state.db`.
pub(crate) const MIGRATION: &str = include_str!("schema_clock.sql");
/// Time between two writes of the reading.
const INTERVAL: Duration = Duration::from_mins(1);
/// Time between two looks at whether commits fail.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Returns a clock that goes on from the stored reading.
pub(crate) async fn open(store: &Store) -> Result<Clock, StoreError> {
    let last = store
        .run(|tx| {
            let last = tx.query_row("SELECT MAX(reading) FROM clock", [], |row| {
                row.get::<_, Option<i64>>(0)
            })?;
            Ok::<_, StoreError>(last.unwrap_or(i64::MIN))
        })
        .await?;
    Ok(Clock::continuing(last))
}

/// Stores the current reading.
pub(crate) async fn save(store: &Store, clock: &Clock) -> Result<(), StoreError> {
    let reading = clock.now_ms();
    store.run(move |tx| write(tx, reading)).await
}

fn write(tx: &Tx<'_>, reading: i64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE clock SET reading = ?1")?
        .execute([reading])?;
    Ok(())
}

/// Stores the reading every minute, until `stopping`. While commits fail it tries every second: a system without work
/// would otherwise never find out that the disk has room again.
pub(crate) async fn keep(store: Store, clock: Clock, mut stopping: watch::Receiver<bool>) {
    let mut saved_at = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_INTERVAL) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if saved_at.elapsed() < INTERVAL && !store.is_failing() {
            continue;
        }
        saved_at = Instant::now();
        // The store warns of the failure.
        if let Err(error) = save(&store, &clock).await {
            tracing::debug!(%error, "the clock's reading could not be stored");
        }
    }
}
