//! Records that may have killed a process before: they come after the others, and come back apart from each other.

use std::time::Duration;

use futures_util::future;

use super::{Deadline, Notifier, TIME_TO_CALL, TIME_TO_READ, TIME_TO_SETTLE};
use crate::batch::Record;
use crate::ports::{Ports, Postponement};

/// From this receive on a record is a suspect: the process that received it before may have died of it.
pub(super) const SUSPECT_FROM: u32 = 2;

/// How far apart suspects come back that were received [`SUSPECT_FROM`] times: further than the events of one batch,
/// which are gathered for a second. With each further receive it doubles, and so outgrows any window.
const SPACING: Duration = Duration::from_secs(3);

/// The longest time over which suspects are spread, as long as the longest delay between two receives.
const LONGEST_SPREAD: Duration = Duration::from_mins(15);

/// Calls in flight at once.
const CALLS_IN_FLIGHT: usize = 10;

impl<P: Ports> Notifier<P> {
    /// Sets when each suspect comes back if the process dies in this invocation: each at a time of its own, so that it
    /// meets none of the others. Suspects share one digest all the same, as all do after an outage: what does not die
    /// is settled before these times come.
    pub(super) async fn part(&self, suspects: &[&Record], deadline: Deadline) {
        // Those that were received most often last: they are the likeliest to kill again.
        let mut suspects = suspects.to_vec();
        suspects.sort_by_key(|record| record.receive_count);
        let rest = deadline.rest(&self.ports) + Duration::from_secs(1);
        let receive_counts: Vec<u32> = suspects.iter().map(|record| record.receive_count).collect();
        let postponements: Vec<Postponement> = suspects
            .iter()
            .zip(spread(&receive_counts))
            .filter_map(|(record, delay)| record.postponement(rest + delay))
            .collect();
        let calls: Vec<&[Postponement]> = postponements.chunks(P::MOST_ENTRIES).collect();
        for round in calls.chunks(CALLS_IN_FLIGHT) {
            if !deadline.allows(&self.ports, 2 * TIME_TO_CALL + TIME_TO_READ) {
                tracing::warn!("no time was left to part suspects");
                return;
            }
            let parted = future::join_all(round.iter().map(|call| self.ports.postpone(call))).await;
            if let Some(error) = parted.into_iter().find_map(Result::err) {
                // A queue that takes no calls costs no more of the time for emails.
                tracing::warn!(%error, "suspects could not be parted");
                return;
            }
        }
    }

    /// Deletes what is finished now rather than by the answer, which a killer would keep from being given. What cannot be
    /// deleted is left to the answer.
    pub(super) async fn delete(&self, finished: &[&Record], deadline: Deadline) {
        let receipt_handles: Vec<&str> = finished
            .iter()
            .filter_map(|record| record.receipt_handle.as_deref())
            .collect();
        let calls: Vec<&[&str]> = receipt_handles.chunks(P::MOST_ENTRIES).collect();
        for round in calls.chunks(CALLS_IN_FLIGHT) {
            if !deadline.allows(&self.ports, TIME_TO_CALL + TIME_TO_SETTLE) {
                return;
            }
            let deleted = future::join_all(round.iter().map(|call| self.ports.delete(call))).await;
            if let Some(error) = deleted.into_iter().find_map(Result::err) {
                tracing::warn!(%error, "finished messages could not be deleted");
                return;
            }
        }
    }
}

/// When suspects of these receive counts come back after the invocation's end.
fn spread(receive_counts: &[u32]) -> Vec<Duration> {
    let count = u32::try_from(receive_counts.len()).unwrap_or(u32::MAX);
    let most = LONGEST_SPREAD / count.max(1);
    receive_counts
        .iter()
        .scan(Duration::ZERO, |time, receive_count| {
            let doublings = receive_count.saturating_sub(SUSPECT_FROM).min(8);
            *time += most.min(SPACING * (1 << doublings));
            Some(*time)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_more_often_they_were_received_the_further_apart() {
        let seconds = |receive_counts: &[u32]| -> Vec<u64> {
            spread(receive_counts).iter().map(Duration::as_secs).collect()
        };
        assert_eq!(seconds(&[2, 2, 3, 4]), [3, 6, 12, 24]);
        assert_eq!(seconds(&[12, 12]), [450, 900]);
        assert_eq!(seconds(&[2; 1000])[999], 900);
    }

    proptest! {
        #[test]
        fn no_two_come_back_together(receive_counts in proptest::collection::vec(2..=12_u32, 2..=300)) {
            let times = spread(&receive_counts);
            prop_assert!(times.windows(2).all(|pair| pair[0] + SPACING <= pair[1]), "{:?}", times);
            prop_assert!(times.last() <= Some(&LONGEST_SPREAD), "{:?}", times);
        }
    }
}
