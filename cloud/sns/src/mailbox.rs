//! The mailbox: every email that SNS delivered. Readers get the emails in order and can wait for the next
//! one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloud_store::{Store, StoreError, Tx};
use cloud_wire::{Clock, iso8601};
use rusqlite::{Row, params};
use serde::Serialize;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// An email in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredMail {
    /// The position in the mailbox, starting at 1. A later email has a higher number; numbers may be missing.
    pub sequence: i64,
    /// The message id that `Publish` returned.
    pub message_id: String,
    /// `notification` for a published message, `confirmation` for a confirmation request.
    pub kind: String,
    /// The email address of the subscription.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text exactly as published. AWS appends a footer with an unsubscribe link. It is left out here, so
    /// that the text can be compared with the published text.
    pub body: String,
    /// The time of delivery: RFC 3339 in UTC with milliseconds.
    pub received_at: String,
    /// The ARN of the subscription.
    pub subscription_arn: String,
}

/// An email to add to the mailbox.
#[derive(Clone, Debug)]
pub(crate) struct NewMail<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) subscription_arn: &'a str,
    pub(crate) to: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
}

/// The kind of an email with a published message.
pub(crate) const NOTIFICATION: &str = "notification";
/// The kind of an email with a confirmation request.
pub(crate) const CONFIRMATION: &str = "confirmation";

/// Time between two searches for old emails.
const RETENTION_INTERVAL: Duration = Duration::from_mins(10);
/// Maximum number of emails that one transaction deletes.
const RETENTION_STEP: usize = 500;
/// Deletes old emails among the oldest. The order of sequences is the order of delivery.
const OLD: &str = "DELETE FROM mail WHERE received_at < ?1 AND sequence IN
    (SELECT sequence FROM mail ORDER BY sequence LIMIT ?2)";

/// The mailbox. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Mailbox {
    store: Store,
    clock: Clock,
    arrived: Arc<Notify>,
    notifications: Arc<AtomicU64>,
    stopping: watch::Receiver<bool>,
}

impl Mailbox {
    /// Creates a mailbox in `store`. Readers stop waiting when `stopping` becomes true.
    #[must_use]
    pub fn new(store: Store, clock: Clock, stopping: watch::Receiver<bool>) -> Self {
        Self {
            store,
            clock,
            arrived: Arc::default(),
            notifications: Arc::default(),
            stopping,
        }
    }

    /// Returns how many published messages were delivered by email since the start.
    #[must_use]
    pub fn notifications(&self) -> u64 {
        self.notifications.load(Ordering::Relaxed)
    }

    /// Returns up to `limit` emails after the position `after`, in the order of delivery. Waits up to `wait`
    /// for the first.
    pub async fn read(&self, after: i64, limit: u32, wait: Duration) -> Result<Vec<StoredMail>, StoreError> {
        let deadline = Instant::now() + wait;
        let mut stopping = self.stopping.clone();
        loop {
            // Register for the signal before reading the mailbox. An email that arrives between the two is
            // not missed.
            let arrival = self.arrived.notified();
            let clock = self.clock.clone();
            let mail = self.store.run(move |tx| select(tx, &clock, after, limit)).await?;
            if !mail.is_empty() || Instant::now() >= deadline {
                return Ok(mail);
            }
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
                _ = stopping.wait_for(|stop| *stop) => return Ok(Vec::new()),
            }
        }
    }

    /// Returns the newest `limit` emails, of one kind if `kind` is set, in the order of delivery.
    pub async fn newest(&self, limit: u32, kind: Option<String>) -> Result<Vec<StoredMail>, StoreError> {
        let clock = self.clock.clone();
        self.store
            .run(move |tx| select_newest(tx, &clock, limit, kind.as_deref()))
            .await
    }

    /// Deletes one email, by its position. Returns whether it was there.
    pub async fn delete(&self, sequence: i64) -> Result<bool, StoreError> {
        self.store
            .run(move |tx| {
                let deleted = tx
                    .prepare_cached("DELETE FROM mail WHERE sequence = ?1")?
                    .execute([sequence])?;
                Ok::<_, StoreError>(deleted > 0)
            })
            .await
    }

    /// Replaces the text of one email, by its position. Returns whether it was there.
    pub async fn replace_body(&self, sequence: i64, body: String) -> Result<bool, StoreError> {
        self.store
            .run(move |tx| {
                let replaced = tx
                    .prepare_cached("UPDATE mail SET body = ?2 WHERE sequence = ?1")?
                    .execute((sequence, body))?;
                Ok::<_, StoreError>(replaced > 0)
            })
            .await
    }

    /// Deletes emails that are older than `keep`, every ten minutes until the service stops.
    pub async fn run_retention(self, keep: Duration) {
        let mut stopping = self.stopping.clone();
        let mut failing = false;
        loop {
            let moved = self.clock.moved();
            let deleted = self.delete_older(keep).await;
            let was_failing = std::mem::replace(&mut failing, deleted.is_err());
            if let Err(error) = deleted
                && !was_failing
            {
                tracing::warn!(%error, "old emails could not be deleted; trying again every ten minutes");
            }
            tokio::select! {
                () = tokio::time::sleep(RETENTION_INTERVAL) => {}
                () = moved => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Deletes in bounded steps. Other jobs run between them.
    async fn delete_older(&self, keep: Duration) -> Result<(), StoreError> {
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let before = self.clock.now_ms().saturating_sub(keep);
        let step = move |tx: &Tx<'_>| {
            let deleted = tx.prepare_cached(OLD)?.execute(params![before, RETENTION_STEP])?;
            Ok::<_, StoreError>(deleted)
        };
        while self.store.run(step).await? == RETENTION_STEP {}
        Ok(())
    }

    /// Adds an email to the mailbox, within the transaction.
    pub(crate) fn deliver(&self, tx: &Tx<'_>, mail: &NewMail<'_>) -> Result<(), rusqlite::Error> {
        tx.prepare_cached(
            "INSERT INTO mail (message_id, kind, subscription_arn, recipient, subject, body, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            mail.message_id,
            mail.kind,
            mail.subscription_arn,
            mail.to,
            mail.subject,
            mail.body,
            self.clock.now_ms()
        ])?;
        let arrived = Arc::clone(&self.arrived);
        let notifications = (mail.kind == NOTIFICATION).then(|| Arc::clone(&self.notifications));
        tx.on_commit(move || {
            if let Some(notifications) = notifications {
                notifications.fetch_add(1, Ordering::Relaxed);
            }
            arrived.notify_waiters();
        });
        Ok(())
    }

    /// Returns the number of notifications that a subscription got in the last second.
    pub(crate) fn in_last_second(&self, tx: &Tx<'_>, subscription_arn: &str) -> Result<i64, rusqlite::Error> {
        let now = self.clock.now_ms();
        // The upper limit matters only after a crash: see `clock` in local-cloud.
        tx.prepare_cached(
            "SELECT COUNT(*) FROM mail WHERE subscription_arn = ?1 AND received_at > ?2 AND received_at <= ?3
             AND kind = 'notification'",
        )?
        .query_row(params![subscription_arn, now - 1000, now], |row| row.get(0))
    }
}

const COLUMNS: &str = "sequence, message_id, kind, recipient, subject, body, received_at, subscription_arn";

fn select(tx: &Tx<'_>, clock: &Clock, after: i64, limit: u32) -> Result<Vec<StoredMail>, StoreError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mail WHERE sequence > ?1 ORDER BY sequence LIMIT ?2"
    ))?;
    let mail = statement.query_map(params![after, limit], |row| read(row, clock))?;
    Ok(mail.collect::<Result<_, _>>()?)
}

fn select_newest(
    tx: &Tx<'_>,
    clock: &Clock,
    limit: u32,
    kind: Option<&str>,
) -> Result<Vec<StoredMail>, StoreError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mail WHERE ?1 IS NULL OR kind = ?1 ORDER BY sequence DESC LIMIT ?2"
    ))?;
    let mail = statement.query_map(params![kind, limit], |row| read(row, clock))?;
    let mut mail: Vec<_> = mail.collect::<Result<_, _>>()?;
    mail.reverse();
    Ok(mail)
}

fn read(row: &Row<'_>, clock: &Clock) -> rusqlite::Result<StoredMail> {
    Ok(StoredMail {
        sequence: row.get(0)?,
        message_id: row.get(1)?,
        kind: row.get(2)?,
        to: row.get(3)?,
        subject: row.get(4)?,
        body: row.get(5)?,
        received_at: iso8601(clock.wall_ms(row.get(6)?)),
        subscription_arn: row.get(7)?,
    })
}
