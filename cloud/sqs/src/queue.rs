//! The database row of a queue.

use cloud_store::Tx;
use rusqlite::{OptionalExtension, Row, params};

use crate::error::SqsError;
use crate::settings::QueueSettings;

/// A queue as it is in the database.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    /// The key of its messages (their partition). A purge changes it.
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) settings: QueueSettings,
    pub(crate) created_at: i64,
    pub(crate) modified_at: i64,
    pub(crate) purged_at: i64,
    /// Differs from that of every earlier queue with this name. A purge does not change it.
    pub(crate) incarnation: i64,
}

/// How many messages of each state a queue holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) ready: i64,
    pub(crate) delayed: i64,
    pub(crate) in_flight: i64,
}

/// Selects the oldest message of a queue. The order of ids is the order of sending.
pub(super) const OLDEST: &str = "SELECT sent_at FROM messages WHERE queue_id = ?1 ORDER BY id LIMIT 1";

/// Selects the oldest message that was received less than three times, among the oldest ones.
const OLDEST_COUNTED: &str = "SELECT sent_at FROM
    (SELECT id, sent_at, receive_count FROM messages WHERE queue_id = ?1 ORDER BY id LIMIT 10000)
    WHERE receive_count < 3 ORDER BY id LIMIT 1";

const COLUMNS: &str = "id, name, settings, created_at, modified_at, purged_at, incarnation";

impl Queue {
    /// Returns the queue with this name.
    pub(crate) fn find(tx: &Tx<'_>, name: &str) -> Result<Option<Self>, SqsError> {
        let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM queues WHERE name = ?1"))?;
        let row = statement.query_row([name], read).optional()?;
        row.map(TryInto::try_into).transpose()
    }

    /// Returns the queue with this name, or [`SqsError::QueueDoesNotExist`].
    pub(crate) fn get(tx: &Tx<'_>, name: &str) -> Result<Self, SqsError> {
        Self::find(tx, name)?.ok_or(SqsError::QueueDoesNotExist)
    }

    /// Returns the queue that owns this partition, if a queue still does.
    pub(super) fn of_partition(tx: &Tx<'_>, id: i64) -> Result<Option<Self>, SqsError> {
        let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM queues WHERE id = ?1"))?;
        let row = statement.query_row([id], read).optional()?;
        row.map(TryInto::try_into).transpose()
    }

    /// Returns all queues, in the order of their names.
    pub(super) fn all(tx: &Tx<'_>) -> Result<Vec<Self>, SqsError> {
        let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM queues ORDER BY name"))?;
        let rows = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Returns up to `limit` queues with an id above `after`, in the order of their ids.
    pub(super) fn some_after(tx: &Tx<'_>, after: i64, limit: usize) -> Result<Vec<Self>, SqsError> {
        let mut statement =
            tx.prepare_cached(&format!("SELECT {COLUMNS} FROM queues WHERE id > ?1 ORDER BY id"))?;
        let rows = statement
            .query_map([after], read)?
            .take(limit)
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Returns the time when the oldest message was sent, whatever its state.
    pub(super) fn oldest_sent_at(&self, tx: &Tx<'_>) -> Result<Option<i64>, SqsError> {
        let mut statement = tx.prepare_cached(OLDEST)?;
        Ok(statement.query_row([self.id], |row| row.get(0)).optional()?)
    }

    /// Returns the time when the oldest message was sent that the metric `ApproximateAgeOfOldestMessage` counts: one that was
    /// received less than three times. It looks at a bounded number of the oldest messages.
    ///
    /// Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
    pub(super) fn oldest_counted_sent_at(&self, tx: &Tx<'_>) -> Result<Option<i64>, SqsError> {
        let mut statement = tx.prepare_cached(OLDEST_COUNTED)?;
        Ok(statement.query_row([self.id], |row| row.get(0)).optional()?)
    }

    pub(super) fn insert(
        tx: &Tx<'_>,
        name: &str,
        settings: &QueueSettings,
        now: i64,
    ) -> Result<(), SqsError> {
        tx.prepare_cached(
            "INSERT INTO queues (name, settings, created_at, modified_at) VALUES (?1, ?2, ?3, ?3)",
        )?
        .execute(params![name, write(settings)?, now])?;
        let id = tx.last_insert_rowid();
        tx.prepare_cached("UPDATE queues SET incarnation = id WHERE id = ?1")?
            .execute([id])?;
        add_counts(tx, id)
    }

    pub(super) fn update(&self, tx: &Tx<'_>, settings: &QueueSettings, now: i64) -> Result<(), SqsError> {
        tx.prepare_cached("UPDATE queues SET settings = ?2, modified_at = ?3 WHERE id = ?1")?
            .execute(params![self.id, write(settings)?, now])?;
        Ok(())
    }

    /// Deletes the queue. Its messages are gone for clients at once; the rows are deleted later in steps.
    pub(super) fn remove(&self, tx: &Tx<'_>) -> Result<(), SqsError> {
        // Nobody can list the tasks of a queue that does not exist. A running one ends by itself.
        tx.prepare_cached(
            "DELETE FROM move_tasks WHERE source = ?1 AND status NOT IN ('RUNNING', 'CANCELLING')",
        )?
        .execute([&self.name])?;
        tx.prepare_cached("DELETE FROM queues WHERE id = ?1")?
            .execute([self.id])?;
        self.discard_partition(tx)
    }

    /// Empties the queue by giving it a new partition. The cost does not depend on the number of messages.
    pub(super) fn purge(&self, tx: &Tx<'_>, now: i64) -> Result<(), SqsError> {
        tx.prepare_cached("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'queues'")?
            .execute([])?;
        let id: i64 = tx
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'queues'")?
            .query_row([], |row| row.get(0))?;
        tx.prepare_cached("UPDATE queues SET id = ?2, purged_at = ?3 WHERE id = ?1")?
            .execute([self.id, id, now])?;
        self.discard_partition(tx)?;
        add_counts(tx, id)
    }

    fn discard_partition(&self, tx: &Tx<'_>) -> Result<(), SqsError> {
        tx.prepare_cached("DELETE FROM queue_counts WHERE queue_id = ?1")?
            .execute([self.id])?;
        tx.prepare_cached("INSERT INTO discarded_partitions (queue_id) VALUES (?1)")?
            .execute([self.id])?;
        Ok(())
    }

    pub(crate) fn counts(&self, tx: &Tx<'_>) -> Result<Counts, SqsError> {
        let mut statement =
            tx.prepare_cached("SELECT state, messages FROM queue_counts WHERE queue_id = ?1")?;
        let mut rows = statement.query([self.id])?;
        let mut counts = Counts::default();
        while let Some(row) = rows.next()? {
            let messages = row.get(1)?;
            match row.get::<_, i64>(0)? {
                0 => counts.ready = messages,
                1 => counts.delayed = messages,
                _ => counts.in_flight = messages,
            }
        }
        Ok(counts)
    }

    /// The newest sent timestamp that is past the retention period at `now`.
    pub(super) fn retention_cutoff(&self, now: i64) -> i64 {
        now - i64::from(self.settings.retention_seconds) * 1000
    }
}

type QueueRow = (i64, String, String, i64, i64, i64, i64);

fn read(row: &Row<'_>) -> rusqlite::Result<QueueRow> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
        row.get(5)?,
        row.get(6)?,
    ))
}

impl TryFrom<QueueRow> for Queue {
    type Error = SqsError;

    fn try_from(
        (id, name, settings, created_at, modified_at, purged_at, incarnation): QueueRow,
    ) -> Result<Self, SqsError> {
        let settings =
            serde_json::from_str(&settings).map_err(|error| SqsError::Internal(error.to_string()))?;
        Ok(Self {
            id,
            name,
            settings,
            created_at,
            modified_at,
            purged_at,
            incarnation,
        })
    }
}

fn write(settings: &QueueSettings) -> Result<String, SqsError> {
    serde_json::to_string(settings).map_err(|error| SqsError::Internal(error.to_string()))
}

fn add_counts(tx: &Tx<'_>, id: i64) -> Result<(), SqsError> {
    tx.prepare_cached(
        "INSERT INTO queue_counts (queue_id, state, messages) VALUES (?1, 0, 0), (?1, 1, 0), (?1, 2, 0)",
    )?
    .execute([id])?;
    Ok(())
}
