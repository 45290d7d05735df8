//! `DeleteMessage` and `DeleteMessageBatch`.

use cloud_store::Tx;
use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};

use super::batch;
use crate::error::SqsError;
use crate::name::queue_name;
use crate::queue::Queue;
use crate::receipt::Receipt;
use crate::service::Sqs;
use crate::traffic::Passage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteMessageBatch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<DeleteEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

/// Deletes one message. The primary key finds its row.
pub(crate) const BY_RECEIPT: &str = "DELETE FROM messages WHERE queue_id = ?1 AND id = ?2 AND receipt = ?3";

/// Deletes the message if the receipt handle is its current one. With an outdated one it deletes nothing and
/// returns no error.
fn remove(sqs: &Sqs, tx: &Tx<'_>, queue: &Queue, handle: &str) -> Result<(), SqsError> {
    let receipt = Receipt::decode(handle, &queue.name)?;
    let removed = tx
        .prepare_cached(BY_RECEIPT)?
        .execute(params![queue.id, receipt.row, receipt.nonce.0])?;
    if removed > 0 {
        sqs.traffic().note(tx, &queue.name, Passage::Deleted, removed);
    }
    Ok(())
}

/// Deletes these messages in one transaction. If another queue issued one of the handles, nothing is deleted.
pub(crate) async fn delete_all(sqs: &Sqs, name: String, handles: Vec<String>) -> Result<(), SqsError> {
    let service = sqs.clone();
    sqs.store()
        .run_after_barrier(move |tx| {
            let queue = Queue::get(tx, &name)?;
            service.signals().left_flight(tx, &queue.name);
            handles
                .iter()
                .try_for_each(|handle| remove(&service, tx, &queue, handle))
        })
        .await
}

pub(crate) async fn delete(sqs: &Sqs, request: DeleteMessage) -> Result<Value, SqsError> {
    delete_all(sqs, queue_name(&request.queue_url), vec![request.receipt_handle]).await?;
    Ok(json!({}))
}

pub(crate) async fn delete_batch(sqs: &Sqs, request: DeleteMessageBatch) -> Result<Value, SqsError> {
    batch::check_entries(
        "DeleteMessageBatchRequestEntry",
        request.entries.iter().map(|e| e.id.as_str()),
    )?;
    let name = queue_name(&request.queue_url);
    let service = sqs.clone();
    let outcomes = sqs
        .store()
        .run_after_barrier(move |tx| {
            let queue = Queue::get(tx, &name)?;
            service.signals().left_flight(tx, &queue.name);
            let mut outcomes = Vec::with_capacity(request.entries.len());
            for entry in request.entries {
                match remove(&service, tx, &queue, &entry.receipt_handle) {
                    Err(error @ SqsError::Internal(_)) => return Err(error),
                    outcome => outcomes.push((entry.id, outcome.map(|()| json!({})))),
                }
            }
            Ok(outcomes)
        })
        .await?;
    Ok(batch::answer(outcomes))
}
