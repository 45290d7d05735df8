//! Records that may have killed a process: each runs alone, and each has its turn.

use std::time::Duration;

use queue_consumer::ports::VisibilityChange;
use queue_consumer::record::Record;
use queue_consumer::{queue_calls, schedule};

use super::Worker;
use super::outcome::BatchOutcome;
use crate::budget::Budget;
use crate::ports::Ports;

/// From this receive on a record runs last and alone: it may have killed a process.
pub(super) const SUSPECT_FROM: u32 = 3;

/// The planned time of a suspect's turn: four calls, one after the other.
const TURN: Duration = Duration::from_millis(100);

impl<P: Ports> Worker<P> {
    /// Runs suspects one at a time, by receive count: the record that killed most processes runs last. Adds their outcomes to
    /// `total`. Deletes what finished before each turn, so that it does not return if that turn kills the process.
    pub(super) async fn run_suspects(
        &self,
        records: &[Record],
        mut suspects: Vec<usize>,
        budget: &Budget,
        total: &mut BatchOutcome,
    ) {
        let mut finished = total.finished();
        suspects.sort_by_key(|index| records[*index].receive_count);
        let mut is_first = true;
        let mut left = &suspects[..];
        while !left.is_empty() {
            let time = budget.stop_work.saturating_sub(self.ports.monotonic());
            let (group, waiting) = left.split_at(group_size(left.len(), time));
            let done = std::mem::take(&mut finished);
            queue_calls::delete(
                &self.ports,
                done.iter().map(|index| &records[*index]),
                budget.settling(),
            )
            .await;
            if !waiting.is_empty() {
                let newly_waiting = if is_first { waiting } else { &[] };
                self.part(records, group, newly_waiting, budget).await;
            }
            let outcome = self.run(records, group, budget).await;
            finished = outcome.finished();
            total.extend(outcome);
            is_first = false;
            left = waiting;
        }
    }

    /// Sets when suspects become visible again if the process dies now: those of the current turn by the schedule, those that
    /// wait for their turn after that. Suspects that always return together would use up their receives behind a killer.
    /// Which record killed the process, if any did, is unknown: so none is hidden for much longer than after any other
    /// failure.
    async fn part(&self, records: &[Record], group: &[usize], waiting: &[usize], budget: &Budget) {
        let rest = budget.cut_settling.saturating_sub(self.ports.monotonic());
        let rest = u32::try_from(rest.as_secs() + 1).unwrap_or(schedule::MAX_SECONDS);
        let turn = group.iter().map(|index| {
            let receive_count = records[*index].receive_count;
            (*index, schedule::visibility_seconds(receive_count, &self.rng))
        });
        // No record with an earlier turn was received more often, so that each returns within this one's longest delay. The
        // addition keeps the two apart.
        let waiting = waiting.iter().map(|index| {
            let max = schedule::max_visibility_seconds(records[*index].receive_count);
            (
                *index,
                max + schedule::visibility_seconds(SUSPECT_FROM, &self.rng),
            )
        });
        let changes: Vec<VisibilityChange> = turn
            .chain(waiting)
            .filter_map(|(index, delay)| records[index].visible_in(rest.saturating_add(delay)))
            .collect();
        queue_calls::change_visibility(&self.ports, &changes, budget.settling()).await;
    }
}

/// How many of `left` suspects run next: one, if there is `time` for a turn of each. After an outage a large batch may hold
/// only suspects. Then as many run together as necessary for each to be tried: a record that is not tried has lost its receive
/// for certain, and one that runs beside others loses it only if one of them is a killer.
fn group_size(left: usize, time: Duration) -> usize {
    let turns = usize::try_from(time.as_millis() / TURN.as_millis()).unwrap_or(usize::MAX);
    left.div_ceil(turns.max(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn suspects_run_alone_while_there_is_time_for_each() {
        let time = Duration::from_secs(24);
        assert_eq!((group_size(10, time), group_size(240, time)), (1, 1));
        assert_eq!(group_size(10_000, time), 42);
        assert_eq!(group_size(7, Duration::ZERO), 7);
    }

    proptest! {
        #[test]
        fn every_suspect_has_its_turn_in_time(suspects in 1..10_000_usize, milliseconds in 100..60_000_u64) {
            let mut time = Duration::from_millis(milliseconds);
            let mut left = suspects;
            while left > 0 {
                prop_assert!(time >= TURN);
                let size = group_size(left, time);
                prop_assert!((1..=left).contains(&size));
                left -= size;
                time -= TURN;
            }
        }
    }
}
