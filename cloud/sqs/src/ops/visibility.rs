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

/// Hides the message for `seconds` from now. 0 makes it ready at once.
fn change_one(sqs: &Sqs, tx: &Tx<'_>, queue: &Queue, handle: &str, seconds: i64) -> Result<(), SqsError> {
    let seconds = in_range("VisibilityTimeout", seconds, 0, MAX_VISIBILITY_SECONDS)?;
    let receipt = Receipt::decode(handle, &queue.name)?;
    let in_flight: Option<(i64, u32)> = tx
        .prepare_cached(
            "SELECT due_at, receive_count FROM messages
             WHERE queue_id = ?1 AND id = ?2 AND receipt = ?3 AND state = 2",
        )?
        .query_row(params![queue.id, receipt.row, receipt.nonce.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let now = sqs.clock().now_ms();
    let Some((_, receive_count)) = in_flight.filter(|(due_at, _)| *due_at > now) else {
        return Err(SqsError::MessageNotInflight);
    };
    if seconds == 0 {
        return expiry::release(sqs, tx, queue, receipt.row, receive_count);
    }
    let due_at = now + seconds * 1000;
    tx.prepare_cached("UPDATE messages SET due_at = ?3 WHERE queue_id = ?1 AND id = ?2")?
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
                match change_one(&service, tx, &queue, handle, 0) {
                    Ok(()) | Err(SqsError::MessageNotInflight) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
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
