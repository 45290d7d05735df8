//! `ChangeMessageVisibility` and `ChangeMessageVisibilityBatch`.

use cloud_store::Tx;
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch;
use super::receive::{MAX_VISIBILITY_SECONDS, in_range};
use crate::error::SqsError;
use crate::expiry;
use crate::name::queue_name;
use crate::queue::Queue;
use crate::receipt::Receipt;
use crate::service::Sqs;
use crate::settings::invalid_parameter;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeMessageVisibilityBatch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<VisibilityEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VisibilityEntry {
    id: String,
    receipt_handle: String,
    #[serde(default)]
    visibility_timeout: i64,
}

/// The state of a message that was received. It may be in flight.
struct Flight {
    state: i64,
    due_at: i64,
    receive_count: u32,
    received_at: i64,
    is_current: bool,
}

/// Finds the message of a receipt. A message that was deleted, expired or redriven is not in the queue any more.
fn find(tx: &Tx<'_>, queue: &Queue, receipt: Receipt, now: i64) -> Result<Option<Flight>, SqsError> {
    let found = tx
        .prepare_cached(
            "SELECT state, due_at, receive_count, received_at, receipt = ?3 FROM messages
             WHERE queue_id = ?1 AND id = ?2 AND received_at IS NOT NULL AND sent_at > ?4",
        )?
        .query_row(
            params![
                queue.id,
                receipt.row,
                receipt.nonce.0,
                queue.retention_cutoff(now)
            ],
            |row| {
                Ok(Flight {
                    state: row.get(0)?,
                    due_at: row.get(1)?,
                    receive_count: row.get(2)?,
                    received_at: row.get(3)?,
                    is_current: row.get::<_, Option<bool>>(4)?.unwrap_or(false),
                })
            },
        )
        .optional()?;
    Ok(found)
}

/// Hides the message for `seconds` from now. 0 makes it ready at once.
///
/// A visibility timeout that has run out can be extended, until another receiver gets the message. Even then AWS
/// accepts the older receipt handle. Both are recorded from AWS. After a visibility timeout of 0, the message is not in
/// flight.
fn change_one(sqs: &Sqs, tx: &Tx<'_>, queue: &Queue, handle: &str, seconds: i64) -> Result<(), SqsError> {
    let seconds = in_range("VisibilityTimeout", seconds, 0, MAX_VISIBILITY_SECONDS)?;
    let receipt = Receipt::decode(handle, &queue.name)?;
    let now = sqs.clock().now_ms();
    let message = find(tx, queue, receipt, now)?.ok_or_else(|| {
        invalid_parameter(
            "ReceiptHandle",
            handle,
            "Message does not exist or is not available for visibility timeout change.",
        )
    })?;
    if message.state == 0 && message.due_at == expiry::ENDED {
        return Err(SqsError::MessageNotInflight);
    }
    // A receive and the next call are never in the same instant on AWS, so that 43,200 is always too much.
    let elapsed_ms = (now - message.received_at).max(1);
    if elapsed_ms + seconds * 1000 > MAX_VISIBILITY_SECONDS * 1000 {
        return Err(invalid_parameter(
            "VisibilityTimeout",
            &seconds.to_string(),
            "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
        ));
    }
    if seconds == 0 {
        return expiry::end_flight(sqs, tx, queue, receipt.row, message.receive_count);
    }
    let due_at = now + seconds * 1000;
    tx.prepare_cached("UPDATE OR FAIL messages SET state = 2, due_at = ?3 WHERE queue_id = ?1 AND id = ?2")?
        .execute([queue.id, receipt.row, due_at])?;
    sqs.signals().due(tx, due_at);
    Ok(())
}

/// Makes messages ready at once, in one transaction. Messages that are no longer in flight do not change.
pub(crate) async fn release_all(sqs: &Sqs, name: String, handles: Vec<String>) -> Result<(), SqsError> {
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            for handle in &handles {
                let receipt = Receipt::decode(handle, &queue.name)?;
                let message = find(tx, &queue, receipt, service.clock().now_ms())?;
                if let Some(message) = message.filter(|m| m.is_current && m.state == 2) {
                    expiry::release(&service, tx, &queue, receipt.row, message.receive_count)?;
                }
            }
            Ok::<_, SqsError>(())
        })
        .await
}

pub(crate) async fn change(sqs: &Sqs, request: ChangeMessageVisibility) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            change_one(
                &service,
                tx,
                &queue,
                &request.receipt_handle,
                request.visibility_timeout,
            )
        })
        .await?;
    Ok(json!({}))
}

pub(crate) async fn change_batch(
    sqs: &Sqs,
    request: ChangeMessageVisibilityBatch,
) -> Result<Value, SqsError> {
    batch::check_entries(
        "ChangeMessageVisibilityBatchRequestEntry",
        request.entries.iter().map(|e| e.id.as_str()),
    )?;
    let name = queue_name(&request.queue_url);
    let service = sqs.clone();
    let outcomes = sqs
        .store()
        .run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            let mut outcomes = Vec::with_capacity(request.entries.len());
            for entry in request.entries {
                match change_one(
                    &service,
                    tx,
                    &queue,
                    &entry.receipt_handle,
                    entry.visibility_timeout,
                ) {
                    Err(error @ SqsError::Internal(_)) => return Err(error),
                    outcome => outcomes.push((entry.id, outcome.map(|()| json!({})))),
                }
            }
            Ok(outcomes)
        })
        .await?;
    Ok(batch::answer(outcomes))
}
