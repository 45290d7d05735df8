//! Changes that happen when time passes: delays and visibility timeouts end, messages expire, discarded
//! partitions are deleted.

use std::sync::Arc;
use std::time::Duration;

use cloud_store::Tx;
use rusqlite::{OptionalExtension, params};

use crate::error::SqsError;
use crate::name;
use crate::queue::Queue;
use crate::service::Sqs;
use crate::signals::Signals;

/// Maximum number of messages that one transaction of the alarm makes ready.
const STEP: usize = 500;
/// Maximum number of messages that another operation makes ready before it does its own work.
const PASSING_STEP: usize = 50;
/// Maximum number of queues that one transaction searches for expired messages.
pub(super) const QUEUES: usize = 200;
/// Time between two searches for expired messages.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// Selects the due messages. The index `messages_due` holds no ready message. The caller stops reading at its
/// limit.
pub(super) const DUE: &str = "SELECT id, queue_id, receive_count FROM messages
    WHERE state <> 0 AND due_at <= ?1 ORDER BY due_at";
/// Selects the time when the next message becomes due.
pub(super) const NEXT_DUE: &str = "SELECT MIN(due_at) FROM messages WHERE state <> 0";
/// Deletes expired messages among the oldest of a queue. The order of ids is the order of sending.
pub(super) const EXPIRED: &str = "DELETE FROM messages WHERE queue_id = ?1 AND sent_at <= ?2 AND id IN
    (SELECT id FROM messages WHERE queue_id = ?1 ORDER BY id LIMIT ?3)";

/// Deletes some messages of a partition that belongs to no queue any more.
pub(super) const DISCARDED: &str = "DELETE FROM messages WHERE queue_id = ?1 AND id IN
    (SELECT id FROM messages WHERE queue_id = ?1 ORDER BY id LIMIT ?2)";
/// Deletes one message, whatever its state.
pub(super) const ONE: &str = "DELETE FROM messages WHERE queue_id = ?1 AND id = ?2";

/// Makes due messages ready, at most `PASSING_STEP` of them.
pub(super) fn pass(sqs: &Sqs, tx: &Tx<'_>, now: i64) -> Result<(), SqsError> {
    release_due(sqs, tx, now, PASSING_STEP).map(drop)
}

/// Makes up to `limit` due messages ready, or moves them to their dead-letter queue. Returns how many were
/// due.
fn release_due(sqs: &Sqs, tx: &Tx<'_>, now: i64, limit: usize) -> Result<usize, SqsError> {
    let mut statement = tx.prepare_cached(DUE)?;
    let due: Vec<(i64, i64, u32)> = statement
        .query_map([now], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .take(limit)
        .collect::<Result<_, _>>()?;
    let mut last: Option<Queue> = None;
    for &(id, queue_id, receive_count) in &due {
        if last.as_ref().is_none_or(|queue| queue.id != queue_id) {
            last = Queue::of_partition(tx, queue_id)?;
        }
        match &last {
            Some(queue) => release(sqs, tx, queue, id, receive_count)?,
            // The queue was deleted or purged.
            None => {
                tx.prepare_cached(ONE)?.execute([queue_id, id])?;
            }
        }
    }
    Ok(due.len())
}

/// Makes one message ready again, or moves it to the dead-letter queue if its receive count has reached the
/// maximum.
pub(super) fn release(
    sqs: &Sqs,
    tx: &Tx<'_>,
    queue: &Queue,
    id: i64,
    receive_count: u32,
) -> Result<(), SqsError> {
    if redrive(sqs, tx, queue, id, receive_count)? {
        return Ok(());
    }
    tx.prepare_cached("UPDATE OR FAIL messages SET state = 0, due_at = 0 WHERE queue_id = ?1 AND id = ?2")?
        .execute([queue.id, id])?;
    sqs.signals().arrived(tx, &queue.name);
    Ok(())
}

/// Moves a message to the dead-letter queue if its receive count has reached `maxReceiveCount`. Returns true
/// if it moved.
///
/// The message keeps its id, sent timestamp and receive count. If the dead-letter queue does not exist, the
/// message stays in its queue. AWS does not delete it either.
pub(super) fn redrive(
    sqs: &Sqs,
    tx: &Tx<'_>,
    queue: &Queue,
    id: i64,
    receive_count: u32,
) -> Result<bool, SqsError> {
    let Some(policy) = queue
        .settings
        .redrive
        .as_ref()
        .filter(|p| receive_count >= p.max_receive_count)
    else {
        return Ok(false);
    };
    let target = name::from_arn(&policy.target_arn)
        .map(|name| Queue::find(tx, name))
        .transpose()?
        .flatten();
    let Some(target) = target else {
        return Ok(false);
    };
    tx.prepare_cached(
        "UPDATE OR FAIL messages SET queue_id = ?3, state = 0, due_at = 0, receipt = NULL, source_arn = ?4
         WHERE queue_id = ?1 AND id = ?2",
    )?
    .execute(params![queue.id, id, target.id, sqs.arn(&queue.name)])?;
    sqs.signals().arrived(tx, &target.name);
    Ok(true)
}

/// What one transaction of the sweeper has left to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// These queues, those above this id, may still hold expired messages.
    Above(i64),
    /// Nothing.
    Nothing,
}

/// Deletes expired messages of some queues, those with an id above `after`. With ten thousand queues one transaction for
/// all of them would keep every caller waiting.
pub(super) fn sweep(tx: &Tx<'_>, now: i64, after: i64) -> Result<Left, SqsError> {
    let queues = Queue::some_after(tx, after, QUEUES)?;
    for queue in &queues {
        let deleted =
            tx.prepare_cached(EXPIRED)?
                .execute(params![queue.id, queue.retention_cutoff(now), STEP])?;
        if deleted > 0 {
            // This queue may hold more of them.
            return Ok(Left::Above(queue.id - 1));
        }
    }
    match queues.last() {
        Some(last) if queues.len() == QUEUES => Ok(Left::Above(last.id)),
        _ => Ok(Left::Nothing),
    }
}

/// Deletes some messages of a discarded partition. Returns true if there may be more.
fn sweep_discarded(tx: &Tx<'_>) -> Result<bool, SqsError> {
    let discarded: Option<i64> = tx
        .prepare_cached("SELECT queue_id FROM discarded_partitions LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(id) = discarded else {
        return Ok(false);
    };
    let deleted = tx.prepare_cached(DISCARDED)?.execute(params![id, STEP])?;
    if deleted == 0 {
        tx.prepare_cached("DELETE FROM discarded_partitions WHERE queue_id = ?1")?
            .execute([id])?;
    }
    Ok(true)
}

/// Deletes everything that can be deleted now. Other jobs run between its transactions.
async fn sweep_all(sqs: &Sqs) -> Result<(), SqsError> {
    let now = sqs.clock().now_ms();
    let mut after = 0;
    while let Left::Above(id) = sqs.store().run(move |tx| sweep(tx, now, after)).await? {
        after = id;
    }
    while sqs.store().run(sweep_discarded).await? {}
    Ok(())
}

/// Makes messages ready when they become due, until the service stops.
pub(super) async fn run_alarm(sqs: Sqs) {
    let signals: Arc<Signals> = Arc::clone(sqs.signals());
    let mut stopping = sqs.stopping();
    let mut failing = false;
    loop {
        let moved = sqs.clock().moved();
        let service = sqs.clone();
        let step = sqs.store().run(move |tx| {
            let now = service.clock().now_ms();
            let full = release_due(&service, tx, now, STEP)? == STEP;
            let next: Option<i64> = tx.prepare_cached(NEXT_DUE)?.query_row([], |row| row.get(0))?;
            // Set the alarm inside the transaction. Changes of this commit and of later commits call
            // `Signals::due` after it, so no due time is missed.
            service.signals().set_alarm(next.unwrap_or(i64::MAX));
            Ok::<_, SqsError>((full, next))
        });
        let (full, next) = match step.await {
            Ok(step) => {
                failing = false;
                step
            }
            Err(error) => {
                // One warning for each outage, not one a second.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "could not make due messages ready; trying again every second");
                }
                (false, Some(sqs.clock().now_ms() + 1000))
            }
        };
        if full {
            continue;
        }
        let wait = next.map_or(i64::MAX, |at| at - sqs.clock().now_ms());
        // The sleep does not count the time in which the machine is suspended, so it lasts a minute at most.
        let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0).min(60_000));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = signals.alarm.notified() => {}
            () = moved => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Deletes expired messages until the service stops.
pub(super) async fn run_sweeper(sqs: Sqs) {
    let mut stopping = sqs.stopping();
    let mut failing = false;
    loop {
        let moved = sqs.clock().moved();
        let swept = tokio::select! {
            swept = sweep_all(&sqs) => swept,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        let was_failing = std::mem::replace(&mut failing, swept.is_err());
        if let Err(error) = swept
            && !was_failing
        {
            tracing::warn!(%error, "could not delete expired messages; trying again every ten seconds");
        }
        tokio::select! {
            () = tokio::time::sleep(SWEEP_INTERVAL) => {}
            () = moved => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
