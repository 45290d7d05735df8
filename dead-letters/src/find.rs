//! Reading dead letters without changing the queue.

use std::cell::RefCell;

use crate::dead_letter::DeadLetter;
use crate::queue::DeadLetterQueue;
use crate::scan::{DeletedIds, ReceivedLetter, Scan, ScanOptions, ScanReport, StopReason};

/// Few requests at a time: these scans are short.
const OPTIONS: ScanOptions = ScanOptions {
    visibility_seconds: None,
    parallel: 4,
};

/// A stop signal ended the search.
#[derive(Debug, thiserror::Error)]
#[error("stopped before every letter was seen")]
pub struct Interrupted;

/// All dead letters of a queue. They stay in the queue and are visible afterwards.
pub async fn read_all_letters(queue: &DeadLetterQueue) -> anyhow::Result<Vec<DeadLetter>> {
    let messages = read_all_messages(queue).await?;
    Ok(messages.into_iter().map(|found| found.letter).collect())
}

/// The same, with the messages as they were received.
pub(crate) async fn read_all_messages(queue: &DeadLetterQueue) -> anyhow::Result<Vec<ReceivedLetter>> {
    let letters = RefCell::new(Vec::new());
    let scan = Scan::new(queue, &OPTIONS);
    let report = scan
        .run(async |_, found| {
            letters.borrow_mut().extend(found);
            Ok(DeletedIds::new())
        })
        .await;
    check_complete(report)?;
    Ok(letters.into_inner())
}

/// Finds the first letter that has this message id or this order id.
pub async fn find_letter(queue: &DeadLetterQueue, id: &str) -> anyhow::Result<Option<DeadLetter>> {
    Ok(find_message(queue, id).await?.map(|found| found.letter))
}

/// The same, with the message as it was received. It is visible afterwards, as all others are.
pub(crate) async fn find_message(
    queue: &DeadLetterQueue,
    id: &str,
) -> anyhow::Result<Option<ReceivedLetter>> {
    let hit = RefCell::new(None);
    let scan = Scan::new(queue, &OPTIONS);
    let report = scan
        .run(async |scan, found| {
            if let Some(found) = found.into_iter().find(|found| found.letter.has_id(id)) {
                hit.borrow_mut().get_or_insert(found);
                scan.stop(StopReason::TargetFound);
            }
            Ok(DeletedIds::new())
        })
        .await;
    let hit = hit.into_inner();
    if hit.is_none() {
        check_complete(report)?;
    }
    Ok(hit)
}

fn check_complete(report: ScanReport) -> anyhow::Result<()> {
    match (report.error, report.stop_reason) {
        (Some(error), _) => Err(error),
        (None, Some(StopReason::Interrupted)) => Err(Interrupted.into()),
        _ => Ok(()),
    }
}
