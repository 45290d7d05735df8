//! The rows of deliveries.

use cloud_store::Tx;
use rusqlite::{Row, params};

use crate::delivery_policy::RetrySchedule;
use crate::error::SnsError;
use crate::service::Sns;

/// The types of messages that are no notifications.
pub(super) const SUBSCRIPTION: &str = "SubscriptionConfirmation";
pub(super) const UNSUBSCRIPTION: &str = "UnsubscribeConfirmation";

/// A request to an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) subscription_arn: String,
    pub(crate) topic_arn: String,
    pub(crate) endpoint: String,
    pub(crate) kind: String,
    pub(crate) message_id: String,
    pub(crate) content_type: String,
    pub(crate) raw: bool,
    pub(crate) body: String,
    pub(crate) retries: RetrySchedule,
}

/// A delivery in the store.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) delivery: Delivery,
    /// The number of attempts that have failed.
    pub(super) attempts: usize,
}

const COLUMNS: &str =
    "subscription_arn, topic_arn, endpoint, kind, message_id, content_type, raw, body, retries, attempts, id";

impl Delivery {
    /// Adds the delivery, to be sent at once when the transaction is committed.
    pub(crate) fn put(&self, sns: &Sns, tx: &Tx<'_>) -> Result<(), SnsError> {
        let retries = serde_json::to_string(&self.retries).map_err(internal)?;
        tx.prepare_cached(
            "INSERT INTO webhook_deliveries (subscription_arn, topic_arn, endpoint, kind, message_id, content_type, raw, body,
             retries, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            self.subscription_arn,
            self.topic_arn,
            self.endpoint,
            self.kind,
            self.message_id,
            self.content_type,
            self.raw,
            self.body,
            retries,
            sns.sqs().clock().now_ms()
        ])?;
        let added = sns.webhook_added();
        tx.on_commit(move || added.notify_one());
        Ok(())
    }
}

impl Stored {
    /// Returns the deliveries that are due, the oldest first.
    pub(super) fn due(tx: &Tx<'_>, now: i64, limit: usize) -> Result<Vec<Self>, SnsError> {
        let mut statement = tx.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM webhook_deliveries WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2"
        ))?;
        let rows = statement.query_map(params![now, limit], read)?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.into_iter().map(Self::of).collect()
    }

    /// Returns the time of the next delivery.
    pub(super) fn next_due(tx: &Tx<'_>) -> Result<Option<i64>, SnsError> {
        let due = tx
            .prepare_cached("SELECT MIN(due_at) FROM webhook_deliveries")?
            .query_row([], |row| row.get(0))?;
        Ok(due)
    }

    /// Ends the delivery.
    pub(super) fn remove(&self, tx: &Tx<'_>) -> Result<(), SnsError> {
        tx.prepare_cached("DELETE FROM webhook_deliveries WHERE id = ?1")?
            .execute([self.id])?;
        Ok(())
    }

    /// Sets the time of the next attempt, after one that failed or is under way.
    pub(super) fn postpone(&self, tx: &Tx<'_>, attempts: usize, due_at: i64) -> Result<(), SnsError> {
        tx.prepare_cached("UPDATE webhook_deliveries SET attempts = ?2, due_at = ?3 WHERE id = ?1")?
            .execute(params![self.id, attempts, due_at])?;
        Ok(())
    }

    fn of((id, delivery, retries, attempts): (i64, Delivery, String, usize)) -> Result<Self, SnsError> {
        let retries = serde_json::from_str(&retries).map_err(internal)?;
        Ok(Self {
            id,
            delivery: Delivery { retries, ..delivery },
            attempts,
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Delivery, String, usize)> {
    let delivery = Delivery {
        subscription_arn: row.get(0)?,
        topic_arn: row.get(1)?,
        endpoint: row.get(2)?,
        kind: row.get(3)?,
        message_id: row.get(4)?,
        content_type: row.get(5)?,
        raw: row.get(6)?,
        body: row.get(7)?,
        retries: RetrySchedule::none(),
    };
    Ok((row.get(10)?, delivery, row.get(8)?, row.get(9)?))
}

fn internal(error: impl std::fmt::Display) -> SnsError {
    SnsError::Internal(error.to_string())
}
