//! `StartMessageMoveTask`, `ListMessageMoveTasks`, `CancelMessageMoveTask`.
//!
//! A task moves the messages that were ready when it started. A background worker does it, and a restart
//! resumes the worker; see [`worker`].

mod worker;

#[cfg(test)]
pub(crate) use worker::MOVABLE;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cloud_store::Tx;
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use self::worker::MAX_RATE;
use super::receive::in_range;
use crate::error::SqsError;
use crate::name;
use crate::queue::Queue;
use crate::service::Sqs;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartMessageMoveTask {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListMessageMoveTasks {
    source_arn: String,
    max_results: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelMessageMoveTask {
    task_handle: String,
}

/// Selects the newest ready message. The index `messages_ready` holds only ready messages.
pub(crate) const LAST_READY: &str =
    "SELECT MAX(id) FROM messages INDEXED BY messages_ready WHERE queue_id = ?1 AND state = 0";

/// Finds the queue of an ARN. `parameter` is the name of the request parameter for the error.
fn resource(tx: &Tx<'_>, arn: &str, parameter: &str) -> Result<Queue, SqsError> {
    let found = name::from_arn(arn)
        .map(|name| Queue::find(tx, name))
        .transpose()?
        .flatten();
    found.ok_or_else(|| {
        SqsError::ResourceNotFound(format!(
            "The resource that you specified for the {parameter} parameter doesn't exist."
        ))
    })
}

pub(crate) async fn start(sqs: &Sqs, request: StartMessageMoveTask) -> Result<Value, SqsError> {
    let rate = request
        .max_number_of_messages_per_second
        .map(|rate| in_range("MaxNumberOfMessagesPerSecond", rate, 1, MAX_RATE))
        .transpose()?;
    let id = Uuid::new_v4().to_string();
    let handle = handle(&id, &request.source_arn);
    let (service, task) = (sqs.clone(), id.clone());
    sqs.store()
        .run(move |tx| {
            let source = resource(tx, &request.source_arn, "SourceArn")?;
            let arn = service.arn(&source.name);
            let destination = match &request.destination_arn {
                Some(arn) => Some(resource(tx, arn, "DestinationArn")?.name),
                None => None,
            };
            let is_source_of = |q: &Queue| q.settings.redrive.as_ref().is_some_and(|r| r.target_arn == arn);
            if !Queue::all(tx)?.iter().any(is_source_of) {
                return Err(invalid("Source queue must be configured as a Dead Letter Queue."));
            }
            if destination.as_ref() == Some(&source.name) {
                return Err(invalid(
                    "Source queue arn and destination queue arn cannot be the same.",
                ));
            }
            if running(tx, &source.name)? {
                return Err(invalid(
                    "There is already a task running. Only one active task is allowed for a source queue arn \
                     at a given time.",
                ));
            }
            // The task does not move messages that are sent or redriven to the source from now on. Otherwise
            // a poison message that fails again would keep the task busy for ever.
            let last_ready: Option<i64> = tx
                .prepare_cached(LAST_READY)?
                .query_row([source.id], |row| row.get(0))?;
            tx.prepare_cached(
                "INSERT INTO move_tasks (id, source, destination, rate, status, last_row, to_move, started_at)
                 VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6, ?7)",
            )?
            .execute(params![
                task,
                source.name,
                destination,
                rate,
                last_ready.unwrap_or(0),
                source.counts(tx)?.ready,
                service.clock().now_ms()
            ])?;
            Ok(())
        })
        .await?;
    worker::spawn(sqs, id);
    Ok(json!({ "TaskHandle": handle }))
}

fn running(tx: &Tx<'_>, source: &str) -> Result<bool, SqsError> {
    let mut statement = tx.prepare_cached(
        "SELECT 1 FROM move_tasks WHERE source = ?1 AND status IN ('RUNNING', 'CANCELLING')",
    )?;
    Ok(statement.exists([source])?)
}

fn invalid(message: &str) -> SqsError {
    SqsError::InvalidParameterValue(message.to_owned())
}

/// Starts the workers of tasks that an earlier process did not finish.
pub(crate) async fn resume(sqs: &Sqs) -> Result<(), SqsError> {
    let ids = sqs
        .store()
        .run(|tx| {
            let mut statement =
                tx.prepare_cached("SELECT id FROM move_tasks WHERE status IN ('RUNNING', 'CANCELLING')")?;
            let ids = statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<Vec<String>, _>>()?;
            Ok::<_, SqsError>(ids)
        })
        .await?;
    for id in ids {
        worker::spawn(sqs, id);
    }
    Ok(())
}

pub(crate) async fn list(sqs: &Sqs, request: ListMessageMoveTasks) -> Result<Value, SqsError> {
    let max = in_range("MaxResults", request.max_results.unwrap_or(1), 1, 10)?;
    let service = sqs.clone();
    let results = sqs
        .store()
        .run(move |tx| {
            let source = resource(tx, &request.source_arn, "SourceArn")?;
            let arn = service.arn(&source.name);
            let mut statement = tx.prepare_cached(
                "SELECT id, destination, rate, status, failure_reason, moved, to_move, started_at FROM move_tasks
                 WHERE source = ?1 ORDER BY started_at DESC, rowid DESC LIMIT ?2",
            )?;
            let results = statement.query_map(params![source.name, max], |row| {
                let status: String = row.get(3)?;
                let mut task = json!({
                    "Status": status,
                    "SourceArn": arn,
                    "ApproximateNumberOfMessagesMoved": row.get::<_, i64>(5)?,
                    "ApproximateNumberOfMessagesToMove": row.get::<_, i64>(6)?,
                    "StartedTimestamp": service.clock().wall_ms(row.get(7)?),
                });
                // The answer has a handle only for a running task, because only that can be cancelled.
                if status == "RUNNING" {
                    task["TaskHandle"] = json!(handle(&row.get::<_, String>(0)?, &arn));
                }
                if let Some(destination) = row.get::<_, Option<String>>(1)? {
                    task["DestinationArn"] = json!(service.arn(&destination));
                }
                if let Some(rate) = row.get::<_, Option<i64>>(2)? {
                    task["MaxNumberOfMessagesPerSecond"] = json!(rate);
                }
                if let Some(reason) = row.get::<_, Option<String>>(4)? {
                    task["FailureReason"] = json!(reason);
                }
                Ok(task)
            })?;
            Ok::<_, SqsError>(results.collect::<Result<Vec<_>, _>>()?)
        })
        .await?;
    Ok(json!({ "Results": results }))
}

pub(crate) async fn cancel(sqs: &Sqs, request: CancelMessageMoveTask) -> Result<Value, SqsError> {
    let id =
        task_id(&request.task_handle).ok_or_else(|| invalid("Value for parameter TaskHandle is invalid."))?;
    let moved = sqs
        .store()
        .run(move |tx| {
            let moved: Option<i64> = tx
                .prepare_cached(
                    "UPDATE move_tasks SET status = 'CANCELLING' WHERE id = ?1 AND status = 'RUNNING' RETURNING moved",
                )?
                .query_row([id], |row| row.get(0))
                .optional()?;
            moved.ok_or_else(|| SqsError::ResourceNotFound("Task does not exist.".to_owned()))
        })
        .await?;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}

/// Encodes a task handle. AWS's handles are base64 of the same kind of document.
fn handle(id: &str, source_arn: &str) -> String {
    STANDARD.encode(json!({ "taskId": id, "sourceArn": source_arn }).to_string())
}

fn task_id(handle: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(handle).ok()?).ok()?;
    Some(document["taskId"].as_str()?.to_owned())
}
