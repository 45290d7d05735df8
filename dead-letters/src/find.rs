//! Looking for letters without changing anything.

use std::cell::RefCell;

use crate::dead_letter::Letter;
use crate::queue::DeadLetterQueue;
use crate::scan::{CutShort, Found, Gone, Sweep, SweepOptions, SweepReport};

/// How a quick look sweeps.
const QUICK: SweepOptions = SweepOptions {
    visibility_seconds: None,
    parallel: 4,
};

/// The letters of a queue; all of them are given back at once.
pub async fn letters(queue: &DeadLetterQueue) -> anyhow::Result<Vec<Letter>> {
    let letters = RefCell::new(Vec::new());
    let sweep = Sweep::new(queue, &QUICK);
    let report = sweep
        .run(async |_, found| {
            letters
                .borrow_mut()
                .extend(found.into_iter().map(|found| found.letter));
            Ok(Gone::new())
        })
        .await;
    not_failed(report)?;
    Ok(letters.into_inner())
}

/// The first letter that has this id, or is about the order of this id.
pub async fn find(queue: &DeadLetterQueue, id: &str) -> anyhow::Result<Option<Letter>> {
    Ok(find_message(queue, id).await?.map(|found| found.letter))
}

/// The same with the message itself. It is given back, as all others are.
pub(super) async fn find_message(queue: &DeadLetterQueue, id: &str) -> anyhow::Result<Option<Found>> {
    let hit = RefCell::new(None);
    let sweep = Sweep::new(queue, &QUICK);
    let report = sweep
        .run(async |sweep, found| {
            if let Some(found) = found.into_iter().find(|found| found.letter.is_named(id)) {
                hit.borrow_mut().get_or_insert(found);
                sweep.stop(CutShort::Satisfied);
            }
            Ok(Gone::new())
        })
        .await;
    let hit = hit.into_inner();
    if hit.is_none() {
        not_failed(report)?;
    }
    Ok(hit)
}

fn not_failed(report: SweepReport) -> anyhow::Result<()> {
    match (report.error, report.cut_short) {
        (Some(error), _) => Err(error),
        (None, Some(CutShort::Interrupted)) => anyhow::bail!("stopped before every letter was seen"),
        _ => Ok(()),
    }
}
