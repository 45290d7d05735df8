//! Deleting the dead letters of erased orders, without a copy of them.

use std::cell::Cell;

use terminal::text::sanitize;

use crate::dead_letter::DeadLetter;
use crate::queue::DeadLetterQueue;
use crate::remaining::describe_remaining;
use crate::scan::{DeletedIds, ReceivedLetter, Scan, ScanOptions};
use crate::transfer;

/// The outcome for one queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeletedLetters {
    /// Letters that were deleted.
    pub deleted: u64,
    /// Letters that SQS did not delete.
    pub failed: u64,
    /// Whether the queue was read to its end.
    pub is_complete: bool,
}

/// Deletes the letters of a queue that are chosen. All others stay as they are. Unlike `dlq purge` it writes no backup.
pub async fn delete_letters(
    queue: &DeadLetterQueue,
    is_chosen: impl Fn(&DeadLetter) -> bool,
) -> anyhow::Result<DeletedLetters> {
    let (deleted, failed) = (Cell::new(0), Cell::new(0));
    let options = ScanOptions {
        visibility_seconds: None,
        parallel: 4,
    };
    let report = Scan::new(queue, &options)
        .run(async |_, found: Vec<ReceivedLetter>| {
            let chosen = found.into_iter().filter(|found| is_chosen(&found.letter));
            let chosen: Vec<ReceivedLetter> = chosen.collect();
            let receipts: Vec<&str> = chosen
                .iter()
                .map(|found| found.message.receipt_handle.as_deref().unwrap_or_default())
                .collect();
            let outcomes = transfer::delete(&queue.sqs, &queue.url, &receipts).await;
            let mut ids = DeletedIds::with_capacity(chosen.len());
            for (found, outcome) in chosen.into_iter().zip(outcomes) {
                match outcome {
                    Ok(()) => ids.push(found.letter.message_id),
                    Err(reason) => {
                        failed.set(failed.get() + 1);
                        let reason = sanitize(&reason);
                        eprintln!("{} was not deleted: {reason}", found.letter.message_id);
                    }
                }
            }
            deleted.set(deleted.get() + ids.len() as u64);
            Ok(ids)
        })
        .await;
    if let Some(why) = report.stop_reason {
        eprintln!("{}", describe_remaining(why, queue).await);
    }
    match report.error {
        Some(error) => Err(error),
        None => Ok(DeletedLetters {
            deleted: deleted.get(),
            failed: failed.get(),
            is_complete: report.stop_reason.is_none(),
        }),
    }
}
