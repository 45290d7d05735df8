//! The rows of events.

use std::collections::HashSet;
use std::sync::Arc;

use cloud_store::{Store, StoreError, Tx};
use cloud_wire::Clock;
use rusqlite::params;
use tokio::sync::Notify;
use uuid::Uuid;

/// The events that wait for their functions. Clones share them.
#[derive(Clone, Debug)]
pub struct AsyncInvocations {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) added: Arc<Notify>,
}

/// An event in the store.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) request_id: String,
    pub(crate) function: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) accepted_at: i64,
    pub(crate) failures: u32,
    pub(crate) refusals: u32,
}

impl AsyncInvocations {
    /// Takes over the events in the store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self {
            store,
            clock,
            added: Arc::default(),
        }
    }

    /// Adds an event for a function, by its physical name. It is delivered after the commit of the transaction.
    ///
    /// # Errors
    /// The store fails.
    pub fn accept(&self, tx: &Tx<'_>, function: &str, payload: &[u8]) -> Result<(), StoreError> {
        let now = self.clock.now_ms();
        tx.prepare_cached(
            "INSERT INTO async_invocations (request_id, function, payload, accepted_at, due_at)
             VALUES (?1, ?2, ?3, ?4, ?4)",
        )?
        .execute(params![Uuid::new_v4().to_string(), function, payload, now])?;
        let added = Arc::clone(&self.added);
        tx.on_commit(move || added.notify_one());
        Ok(())
    }

    /// Returns the number of events in the store.
    ///
    /// # Errors
    /// The store fails.
    pub async fn waiting(&self) -> Result<usize, StoreError> {
        let counted = self.store.run(|tx| {
            let count = "SELECT COUNT(*) FROM async_invocations";
            Ok::<_, StoreError>(tx.prepare_cached(count)?.query_row([], |row| row.get(0))?)
        });
        counted.await
    }
}

/// Returns the events that are due and not in `running`, the oldest first.
pub(crate) fn due(
    tx: &Tx<'_>,
    now: i64,
    limit: usize,
    running: &HashSet<i64>,
) -> Result<Vec<Event>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT id, request_id, function, payload, accepted_at, failures, refusals FROM async_invocations
         WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![now, limit + running.len()], |row| {
        Ok(Event {
            id: row.get(0)?,
            request_id: row.get(1)?,
            function: row.get(2)?,
            payload: row.get(3)?,
            accepted_at: row.get(4)?,
            failures: row.get(5)?,
            refusals: row.get(6)?,
        })
    })?;
    let mut due = rows.collect::<Result<Vec<_>, _>>()?;
    due.retain(|event| !running.contains(&event.id));
    due.truncate(limit);
    Ok(due)
}

/// Returns the time of the next event that is not due yet.
pub(crate) fn next_due(tx: &Tx<'_>, now: i64) -> Result<Option<i64>, StoreError> {
    let next = tx
        .prepare_cached("SELECT MIN(due_at) FROM async_invocations WHERE due_at > ?1")?
        .query_row([now], |row| row.get(0))?;
    Ok(next)
}

/// Ends an event.
pub(crate) fn remove(tx: &Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM async_invocations WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Sets the time of the next attempt.
pub(crate) fn postpone(
    tx: &Tx<'_>,
    id: i64,
    failures: u32,
    refusals: u32,
    due_at: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE async_invocations SET failures = ?2, refusals = ?3, due_at = ?4 WHERE id = ?1",
    )?
    .execute(params![id, failures, refusals, due_at])?;
    Ok(())
}
