//! Records that may have killed a process before: each runs alone, and none can keep the others from their turn.

use super::Worker;
use super::settle::Settled;
use crate::budget::{Budget, until};
use crate::ports::{Ports, VisibilityChange};
use crate::record::Record;
use crate::schedule::LONGEST;

/// From this receive on a record runs last and alone: it may have killed a process before.
pub(super) const SUSPECT_FROM: u32 = 3;

impl<P: Ports> Worker<P> {
    /// Runs suspects one at a time. `finished` are the records that are finished before.
    pub(super) async fn run_suspects(
        &self,
        records: &[Record],
        suspects: &[usize],
        mut finished: Vec<usize>,
        budget: &Budget,
        total: &mut Settled,
    ) {
        for (place, suspect) in suspects.iter().enumerate() {
            // What is finished must not come back if this record kills the process.
            self.delete(records, &std::mem::take(&mut finished), budget).await;
            if suspects.len() > 1 {
                let waiting = if place == 0 { &suspects[1..] } else { &[] };
                self.part(records, *suspect, waiting, budget).await;
            }
            finished = self.run(records, &[*suspect], budget, total).await;
        }
    }

    /// Hides a suspect for longer than those that wait for their turn, so that they come back without it if it kills the
    /// process. Received together again and again, they would run out of receives behind it.
    async fn part(&self, records: &[Record], suspect: usize, waiting: &[usize], budget: &Budget) {
        let rest = until(self.ports.now(), budget.cut_settling);
        let rest = u32::try_from(rest.as_secs() + 1).unwrap_or(LONGEST);
        let waiting = waiting.iter().map(|index| {
            let delay = self.jitter.visibility_seconds(records[*index].receive_count);
            (*index, rest.saturating_add(delay))
        });
        let changes: Vec<VisibilityChange> = std::iter::once((suspect, rest.saturating_add(LONGEST)))
            .chain(waiting)
            .filter_map(|(index, seconds)| {
                Some(VisibilityChange {
                    receipt_handle: records[index].receipt_handle.clone()?,
                    seconds,
                })
            })
            .collect();
        self.change_visibility(&changes, budget).await;
    }
}
