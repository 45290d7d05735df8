//! Moves messages in steps at the task's rate. Each step is one transaction, which also counts the moved
//! messages.

use std::time::Duration;

use cloud_store::Tx;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::error::SqsError;
use crate::expiry;
use crate::name;
use crate::ops::send::add_message;
use crate::queue::Queue;
use crate::service::Sqs;

/// Selects ready messages up to a given id.
pub(crate) const MOVABLE: &str = "SELECT id, source_arn FROM messages INDEXED BY messages_ready
    WHERE queue_id = ?1 AND state = 0 AND id <= ?2 ORDER BY id LIMIT ?3";

/// Maximum number of messages that a task moves each second. It is also the rate of a task that sets none.
pub(super) const MAX_RATE: i64 = 500;

/// Number of steps in one second.
const STEPS: i64 = 10;

/// The result of one step.
enum Next {
    /// More messages may remain. Holds the rate in messages per second.
    Continue(i64),
    Done,
}

/// Runs the task until it ends or the service stops.
pub(super) fn spawn(sqs: &Sqs, id: String) {
    let sqs = sqs.clone();
    tokio::spawn(async move {
        let mut stopping = sqs.stopping();
        let mut failing = false;
        loop {
            let (service, task) = (sqs.clone(), id.clone());
            let wait = match sqs.store().run(move |tx| step(&service, tx, &task)).await {
                Ok(Next::Done) => return,
                // A task with a rate below ten per second moves one message in each step.
                Ok(Next::Continue(rate)) => {
                    Duration::from_millis(1000 / STEPS.min(rate).unsigned_abs().max(1))
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(task = id, %error, "a step of a message move task failed; trying again every second");
                    }
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    });
}

struct Task {
    source: String,
    destination: Option<String>,
    rate: i64,
    last_row: i64,
}

fn step(sqs: &Sqs, tx: &Tx<'_>, id: &str) -> Result<Next, SqsError> {
    let task = tx
        .prepare_cached("SELECT source, destination, rate, last_row, status FROM move_tasks WHERE id = ?1")?
        .query_row([id], |row| {
            let task = Task {
                source: row.get(0)?,
                destination: row.get(1)?,
                rate: row.get::<_, Option<i64>>(2)?.unwrap_or(MAX_RATE),
                last_row: row.get(3)?,
            };
            Ok((task, row.get::<_, String>(4)?))
        })
        .optional()?;
    let task = match task {
        Some((task, status)) if status == "RUNNING" => task,
        Some((_, status)) if status == "CANCELLING" => return end(tx, id, "CANCELLED", None),
        _ => return Ok(Next::Done),
    };
    let Some(source) = Queue::find(tx, &task.source)? else {
        // Nobody can list the tasks of a queue that does not exist.
        tx.prepare_cached("DELETE FROM move_tasks WHERE id = ?1")?
            .execute([id])?;
        return Ok(Next::Done);
    };
    let rows: Vec<(i64, Option<String>)> = tx
        .prepare_cached(MOVABLE)?
        .query_map(
            params![source.id, task.last_row, (task.rate / STEPS).max(1)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .collect::<Result<_, _>>()?;
    if rows.is_empty() {
        return end(tx, id, "COMPLETED", None);
    }
    for (row, source_arn) in rows {
        let destination = task
            .destination
            .as_deref()
            .or_else(|| source_arn.as_deref().and_then(name::from_arn));
        let Some(destination) = destination else {
            return end(tx, id, "FAILED", Some("CouldNotDetermineMessageSource"));
        };
        let Some(destination) = Queue::find(tx, destination)? else {
            return end(tx, id, "FAILED", Some("AWS.SimpleQueueService.NonExistentQueue"));
        };
        move_row(sqs, tx, &source, row, &destination)?;
        tx.prepare_cached("UPDATE move_tasks SET moved = moved + 1 WHERE id = ?1")?
            .execute([id])?;
    }
    Ok(Next::Continue(task.rate))
}

/// Sends the message to `destination` as a new message, with a new id, sent timestamp and receive count.
fn move_row(sqs: &Sqs, tx: &Tx<'_>, source: &Queue, row: i64, destination: &Queue) -> Result<(), SqsError> {
    tx.prepare_cached(
        "INSERT INTO contents (message_id, sender_id, trace_header, body_md5, attributes, body)
         SELECT ?2, sender_id, trace_header, body_md5, attributes, body FROM contents WHERE id = ?1",
    )?
    .execute(params![row, Uuid::new_v4().to_string()])?;
    let id = tx.last_insert_rowid();
    add_message(sqs, tx, destination, id, destination.settings.delay_seconds)?;
    tx.prepare_cached(expiry::ONE)?.execute([source.id, row])?;
    Ok(())
}

/// Number of tasks of a queue that are kept, as many as `ListMessageMoveTasks` can list.
const KEPT_TASKS: i64 = 10;

fn end(tx: &Tx<'_>, id: &str, status: &str, reason: Option<&str>) -> Result<Next, SqsError> {
    tx.prepare_cached("UPDATE move_tasks SET status = ?2, failure_reason = ?3 WHERE id = ?1")?
        .execute(params![id, status, reason])?;
    tx.prepare_cached(
        "DELETE FROM move_tasks WHERE status NOT IN ('RUNNING', 'CANCELLING')
         AND source = (SELECT source FROM move_tasks WHERE id = ?1) AND id NOT IN
         (SELECT id FROM move_tasks WHERE source = (SELECT source FROM move_tasks WHERE id = ?1)
          ORDER BY started_at DESC, rowid DESC LIMIT ?2)",
    )?
    .execute(params![id, KEPT_TASKS])?;
    Ok(Next::Done)
}
