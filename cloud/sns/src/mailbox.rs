//! The mailbox: every email that the topics delivered, readable in order and by waiting for the next one.

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
    /// Its place in the mailbox, from 1, without gaps that matter: a later one is greater.
    pub sequence: i64,
    /// The id that `Publish` answered.
    pub message_id: String,
    /// `notification`, or `confirmation` for the question whether a subscription is wanted.
    pub kind: String,
    /// The subscription's endpoint.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text exactly as published. AWS appends a footer with a link to unsubscribe; here it would only get in
    /// the way of comparing.
    pub body: String,
    /// When it was delivered, RFC 3339 in UTC with milliseconds.
    pub received_at: String,
    /// The subscription that it was delivered to.
    pub subscription_arn: String,
}

/// An email that is to be put into the mailbox.
#[derive(Clone, Debug)]
pub(crate) struct NewMail<'a> {
    pub(crate) message_id: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) subscription_arn: &'a str,
    pub(crate) to: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
}

/// The kind of an email that carries a published message.
pub(crate) const NOTIFICATION: &str = "notification";
/// The kind of an email that asks for a subscription's confirmation.
pub(crate) const CONFIRMATION: &str = "confirmation";

/// The mailbox; cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailbox {
    store: Store,
    clock: Clock,
    arrived: Arc<Notify>,
    stopping: watch::Receiver<bool>,
}

impl Mailbox {
    /// A mailbox in `store`; waits end when `stopping` becomes true.
    #[must_use]
    pub fn new(store: Store, clock: Clock, stopping: watch::Receiver<bool>) -> Self {
        Self {
            store,
            clock,
            arrived: Arc::default(),
            stopping,
        }
    }

    /// Up to `limit` emails after `after` in the order of their delivery, waiting up to `wait` for the first.
    pub async fn read(&self, after: i64, limit: u32, wait: Duration) -> Result<Vec<StoredMail>, StoreError> {
        let deadline = Instant::now() + wait;
        let mut stopping = self.stopping.clone();
        loop {
            // Listening begins before the look, so that nothing arrives unheard between the two.
            let arrival = self.arrived.notified();
            let mail = self.store.run(move |tx| select(tx, after, limit)).await?;
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

    /// Puts an email into the mailbox, within the transaction.
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

    /// How many notifications a subscription got in the second before now.
    pub(crate) fn in_last_second(&self, tx: &Tx<'_>, subscription_arn: &str) -> Result<i64, rusqlite::Error> {
        tx.prepare_cached(
            "SELECT COUNT(*) FROM mail WHERE subscription_arn = ?1 AND received_at > ?2 AND kind = 'notification'",
        )?
        .query_row(params![subscription_arn, self.clock.now_ms() - 1000], |row| row.get(0))
    }
}

fn select(tx: &Tx<'_>, after: i64, limit: u32) -> Result<Vec<StoredMail>, StoreError> {
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
            received_at: iso8601(row.get(6)?),
            subscription_arn: row.get(7)?,
        })
    })?;
    Ok(mail.collect::<Result<_, _>>()?)
}
