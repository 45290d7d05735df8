//! The mailbox: every email that SNS delivered. Readers get the emails in order and can wait for the next
//! one.

use std::sync::Arc;
use std::time::Duration;

use cloud_store::{Store, StoreError, Tx};
use cloud_wire::{Clock, iso8601};
use rusqlite::params;
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

/// The mailbox. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Mailbox {
    store: Store,
    clock: Clock,
    arrived: Arc<Notify>,
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
            stopping,
        }
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
        tx.on_commit(move || arrived.notify_waiters());
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

fn select(tx: &Tx<'_>, clock: &Clock, after: i64, limit: u32) -> Result<Vec<StoredMail>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT sequence, message_id, kind, recipient, subject, body, received_at, subscription_arn FROM mail
         WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let mail = statement.query_map(params![after, limit], |row| {
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
    })?;
    Ok(mail.collect::<Result<_, _>>()?)
}
