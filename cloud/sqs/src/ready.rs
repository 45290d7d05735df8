//! The order in which ready messages are received: the oldest first, but no group keeps the others waiting.
//!
//! A standard queue delivers roughly in the order of sending. With a `MessageGroupId` (a tenant), AWS watches how the
//! messages in flight are shared among the groups. When one group has a disproportionate share, messages of the others
//! are delivered first. Source: SQS Developer Guide, "Amazon SQS fair queues". AWS does not publish the thresholds; the
//! ones below are our own.

use cloud_store::Tx;
use rusqlite::{OptionalExtension, Row, params};

use crate::error::SqsError;
use crate::queue::Queue;

/// A group is noisy from this many messages in flight...
const NOISY_MESSAGES: i64 = 10;
/// ...if they are also more than one of this many messages in flight.
const NOISY_SHARE: i64 = 10;

/// The columns of a [`Candidate`].
macro_rules! ready {
    ($index:literal, $condition:literal) => {
        concat!(
            "SELECT m.id, m.sent_at, m.first_received_at, m.receive_count, m.source_arn, c.message_id, c.body, c.body_md5,
                c.sender_id, c.trace_header, c.attributes, m.group_id
             FROM messages AS m INDEXED BY ",
            $index,
            " JOIN contents AS c ON c.id = m.id WHERE m.queue_id = ?1 AND m.state = 0 AND ",
            $condition,
            " ORDER BY m.id"
        )
    };
}

/// Selects the oldest ready messages and their contents.
///
/// `INDEXED BY messages_ready`: this index holds only ready messages. Without it, SQLite reads the primary
/// key and passes over all messages in flight. There is no `LIMIT ?`: SQLite prepares a statement again
/// whenever the parameter of a `LIMIT` is bound. The caller stops reading at its limit.
pub(crate) const READY: &str = ready!("messages_ready", "m.id > ?2");
/// Selects the oldest ready messages of a group.
pub(crate) const READY_OF_GROUP: &str = ready!("messages_of_group", "m.group_id = ?3 AND m.id > ?2");
/// Selects groups with ready messages: those with the fewest messages in flight first, then those that have waited longest.
pub(crate) const QUIET_GROUPS: &str =
    "SELECT group_id, in_flight FROM message_groups INDEXED BY message_groups_turn
    WHERE queue_id = ?1 AND ready > 0 ORDER BY in_flight, turn";
/// Selects the number of a group's messages in flight.
pub(crate) const IN_FLIGHT: &str =
    "SELECT in_flight FROM message_groups WHERE queue_id = ?1 AND group_id = ?2";

/// A ready message that may still be expired or due for redrive.
pub(crate) struct Candidate {
    pub(crate) row: i64,
    pub(crate) sent_at: i64,
    pub(crate) first_received_at: Option<i64>,
    pub(crate) receive_count: u32,
    pub(crate) source_arn: Option<String>,
    pub(crate) message_id: String,
    pub(crate) body: String,
    pub(crate) body_md5: String,
    pub(crate) sender_id: String,
    pub(crate) trace_header: Option<String>,
    /// As JSON.
    pub(crate) message_attributes: Option<String>,
    pub(crate) group_id: Option<String>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        row: row.get(0)?,
        sent_at: row.get(1)?,
        first_received_at: row.get(2)?,
        receive_count: row.get(3)?,
        source_arn: row.get(4)?,
        message_id: row.get(5)?,
        body: row.get(6)?,
        body_md5: row.get(7)?,
        sender_id: row.get(8)?,
        trace_header: row.get(9)?,
        message_attributes: row.get(10)?,
        group_id: row.get(11)?,
    })
}

/// Reads the ready messages of a queue in the order of their delivery, for one receive.
pub(crate) struct ReadyMessages {
    /// The messages of the queue that were in flight before this receive.
    in_flight: i64,
    /// The newest message that was read in the order of sending.
    last: i64,
    examined: usize,
    /// Messages with a visibility timeout of 0 stay ready. They are read once.
    seen: Vec<i64>,
}

impl ReadyMessages {
    pub(crate) fn new(in_flight: i64) -> Self {
        Self {
            in_flight,
            last: 0,
            examined: 0,
            seen: Vec::new(),
        }
    }

    /// How many messages were read so far.
    pub(crate) fn examined(&self) -> usize {
        self.examined
    }

    /// Returns up to `limit` further messages. None means that there are no more.
    pub(crate) fn next(
        &mut self,
        tx: &Tx<'_>,
        queue: &Queue,
        limit: usize,
    ) -> Result<Vec<Candidate>, SqsError> {
        let mut found = self.oldest(tx, queue, limit)?;
        let groups: Vec<_> = found.iter().filter_map(|c| c.group_id.clone()).collect();
        if self.some_are_noisy(tx, queue, groups)? {
            let mut quiet = self.of_quiet_groups(tx, queue, limit)?;
            found.retain(|candidate| quiet.iter().all(|other| other.row != candidate.row));
            // The oldest messages fill what is left, the noisy ones as well: nobody else waits for their place.
            found.truncate(limit - quiet.len());
            quiet.append(&mut found);
            found = quiet;
        } else {
            self.last = found.last().map_or(self.last, |candidate| candidate.row);
        }
        self.seen.extend(found.iter().map(|candidate| candidate.row));
        self.examined += found.len();
        Ok(found)
    }

    /// Returns up to `limit` messages in the order of sending.
    fn oldest(&self, tx: &Tx<'_>, queue: &Queue, limit: usize) -> Result<Vec<Candidate>, SqsError> {
        let mut statement = tx.prepare_cached(READY)?;
        let rows = statement.query_map([queue.id, self.last], read)?;
        self.unseen(rows, limit)
    }

    fn unseen(
        &self,
        rows: impl Iterator<Item = rusqlite::Result<Candidate>>,
        limit: usize,
    ) -> Result<Vec<Candidate>, SqsError> {
        let unseen = |row: &rusqlite::Result<Candidate>| {
            row.as_ref()
                .map_or(true, |candidate| !self.seen.contains(&candidate.row))
        };
        Ok(rows.filter(unseen).take(limit).collect::<Result<_, _>>()?)
    }

    /// Returns true if one of these groups, of which a receive took messages or is about to, has more than its share.
    fn some_are_noisy(&self, tx: &Tx<'_>, queue: &Queue, mut groups: Vec<String>) -> Result<bool, SqsError> {
        groups.sort_unstable();
        groups.dedup();
        let mut statement = tx.prepare_cached(IN_FLIGHT)?;
        for group in groups {
            let in_flight: Option<i64> = statement
                .query_row(params![queue.id, group], |row| row.get(0))
                .optional()?;
            if self.is_noisy(in_flight.unwrap_or(0)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_noisy(&self, group_in_flight: i64) -> bool {
        group_in_flight >= NOISY_MESSAGES && group_in_flight * NOISY_SHARE > self.in_flight
    }

    /// Returns the oldest message of each group that is not noisy, up to `limit`.
    fn of_quiet_groups(&self, tx: &Tx<'_>, queue: &Queue, limit: usize) -> Result<Vec<Candidate>, SqsError> {
        let mut groups = tx.prepare_cached(QUIET_GROUPS)?;
        let groups: Vec<(String, i64)> = groups
            .query_map([queue.id], |row| Ok((row.get(0)?, row.get(1)?)))?
            .take(limit)
            .collect::<Result<_, _>>()?;
        let mut statement = tx.prepare_cached(READY_OF_GROUP)?;
        let mut found = Vec::with_capacity(limit);
        for (group, in_flight) in groups {
            if !self.is_noisy(in_flight) {
                let rows = statement.query_map(params![queue.id, 0, group], read)?;
                found.append(&mut self.unseen(rows, 1)?);
            }
        }
        Ok(found)
    }
}
