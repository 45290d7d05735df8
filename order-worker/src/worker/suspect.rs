//! Records that may have killed a process before: each runs alone, and none can keep the others from their turn.

use std::time::Duration;

use queue_consumer::ports::VisibilityChange;
use queue_consumer::record::Record;
use queue_consumer::{entries, schedule};

use super::Worker;
use super::settle::Settled;
use crate::budget::Budget;
use crate::ports::Ports;

/// From this receive on a record runs last and alone: it may have killed a process before.
pub(super) const SUSPECT_FROM: u32 = 3;

/// What a suspect's turn is planned with: four calls, one after the other.
const TURN: Duration = Duration::from_millis(100);

impl<P: Ports> Worker<P> {
    /// Runs suspects one at a time, those that were received least often first: a killer has been received as often as
    /// it has killed, so that those that it met later have their turn before it. `finished` are the records that are
    /// finished before.
    pub(super) async fn run_suspects(
        &self,
        records: &[Record],
        mut suspects: Vec<usize>,
        mut finished: Vec<usize>,
        budget: &Budget,
        total: &mut Settled,
    ) {
        suspects.sort_by_key(|index| records[*index].receive_count);
        let mut is_first = true;
        let mut left = &suspects[..];
        while !left.is_empty() {
            let time = budget.stop_work.saturating_sub(self.ports.monotonic());
            let (group, waiting) = left.split_at(group_size(left.len(), time));
            // What is finished must not come back if this record kills the process.
            let done = std::mem::take(&mut finished);
            entries::delete(
                &self.ports,
                done.iter().map(|index| &records[*index]),
                budget.settling(),
            )
            .await;
            if !waiting.is_empty() {
                let newly_waiting = if is_first { waiting } else { &[] };
                self.part(records, group, newly_waiting, budget).await;
            }
            finished = self.run(records, group, budget, total).await;
            is_first = false;
            left = waiting;
        }
    }

    /// Sets when suspects are shown again if the process dies now: those whose turn it is at their time by the schedule,
    /// those that wait for theirs only after that. Received together again and again, these would run out of receives
    /// behind a killer. Nobody knows who killed the process, or whether it was a record at all: so none is hidden for
    /// much longer than it would be after any other failure.
    async fn part(&self, records: &[Record], group: &[usize], waiting: &[usize], budget: &Budget) {
        let rest = budget.cut_settling.saturating_sub(self.ports.monotonic());
        let rest = u32::try_from(rest.as_secs() + 1).unwrap_or(schedule::LONGEST);
        let turn = group.iter().map(|index| {
            let receive_count = records[*index].receive_count;
            (*index, schedule::visibility_seconds(receive_count, &self.chance))
        });
        // None that has its turn before was received more often, and so can come back later than this one's longest
        // delay. What is added keeps the two apart.
        let waiting = waiting.iter().map(|index| {
            let longest = schedule::longest_visibility_seconds(records[*index].receive_count);
            (
                *index,
                longest + schedule::visibility_seconds(SUSPECT_FROM, &self.chance),
            )
        });
        let changes: Vec<VisibilityChange> = turn
            .chain(waiting)
            .filter_map(|(index, delay)| records[index].shown_in(rest.saturating_add(delay)))
            .collect();
        entries::change_visibility(&self.ports, &changes, budget.settling()).await;
    }
}

/// How many of `left` suspects run next: one, if there is `time` for a turn of each. A large batch after an outage is
/// nothing but suspects; there as many run together as it takes for each to be tried, because one that is not tried has
/// lost its receive for certain, and one that runs beside others only if there is a killer among them.
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
