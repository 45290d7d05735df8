//! Records that may have killed a process: they run after the others, and return apart from each other.

use std::time::Duration;

use function_runtime::{CallDeadline, Deadline};
use queue_consumer::ports::VisibilityChange;
use queue_consumer::queue_calls;
use queue_consumer::record::Record;

use super::Notifier;
use super::times::{TIME_TO_CALL, TIME_TO_READ, TIME_TO_SETTLE};
use crate::ports::Ports;

/// From this receive on a record is a suspect: it may have killed the process that received it before.
pub(super) const SUSPECT_FROM: u32 = 2;

/// The time between the returns of suspects that were received [`SUSPECT_FROM`] times: more than the second for which SQS
/// gathers a batch. It doubles with each further receive.
const SPACING: Duration = Duration::from_secs(3);

/// The longest time over which suspects are spread: the longest delay between two receives.
const LONGEST_SPREAD: Duration = Duration::from_mins(15);

/// The longest time for the calls that part suspects, and for those that delete finished messages. A queue that is away then
/// leaves the rest of the time for emails.
const TIME_TO_PREPARE: Duration = Duration::from_secs(5);

impl<P: Ports> Notifier<P> {
    /// Sets when each suspect returns if the process dies in this invocation: each at a time of its own, so that it is alone.
    /// Suspects still share one digest, for example after an outage: if the process lives, they are settled before these
    /// times.
    pub(super) async fn part(&self, suspects: &[&Record], deadline: Deadline) {
        // The records that were received most often, and are the likeliest to kill again, come last.
        let mut suspects = suspects.to_vec();
        suspects.sort_by_key(|record| record.receive_count);
        let rest = deadline.time_left(&self.ports) + Duration::from_secs(1);
        let receive_counts: Vec<u32> = suspects.iter().map(|record| record.receive_count).collect();
        // Calls for the likeliest ones first: there may be no time for all.
        let changes: Vec<VisibilityChange> = suspects
            .iter()
            .zip(spread(&receive_counts))
            .rev()
            .filter_map(|(record, delay)| {
                let seconds = u32::try_from((rest + delay).as_secs()).unwrap_or(u32::MAX);
                record.visible_in(seconds)
            })
            .collect();
        let calls = self.time_to_prepare(deadline, TIME_TO_CALL + TIME_TO_READ);
        queue_calls::change_visibility(&self.ports, &changes, calls).await;
    }

    /// Deletes finished messages before suspects run, which may kill the process before it answers. A message for which the call
    /// fails is left to the answer.
    pub(super) async fn delete(&self, finished: &[&Record], deadline: Deadline) {
        let calls = self.time_to_prepare(deadline, TIME_TO_SETTLE);
        queue_calls::delete(&self.ports, finished.iter().copied(), calls).await;
    }

    /// [`TIME_TO_PREPARE`] from now, or less, so that `needed` of the invocation's time is left.
    fn time_to_prepare(&self, deadline: Deadline, needed: Duration) -> CallDeadline {
        let end = self.ports.monotonic() + TIME_TO_PREPARE;
        CallDeadline::until(end.min(deadline.less(needed))).leaving(TIME_TO_CALL)
    }
}

/// When suspects of these receive counts return, after the invocation's end.
fn spread(receive_counts: &[u32]) -> Vec<Duration> {
    let count = u32::try_from(receive_counts.len()).unwrap_or(u32::MAX);
    let max = LONGEST_SPREAD / count.max(1);
    receive_counts
        .iter()
        .scan(Duration::ZERO, |time, receive_count| {
            let doublings = receive_count.saturating_sub(SUSPECT_FROM).min(8);
            *time += max.min(SPACING * (1 << doublings));
            Some(*time)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_time_between_returns_grows_with_the_receive_count() {
        let seconds = |receive_counts: &[u32]| -> Vec<u64> {
            spread(receive_counts).iter().map(Duration::as_secs).collect()
        };
        assert_eq!(seconds(&[2, 2, 3, 4]), [3, 6, 12, 24]);
        assert_eq!(seconds(&[12, 12]), [450, 900]);
        assert_eq!(seconds(&[2; 1000])[999], 900);
    }

    proptest! {
        #[test]
        fn no_two_return_together(receive_counts in proptest::collection::vec(2..=12_u32, 2..=300)) {
            let times = spread(&receive_counts);
            prop_assert!(times.windows(2).all(|pair| pair[0] + SPACING <= pair[1]), "{:?}", times);
            prop_assert!(times.last() <= Some(&LONGEST_SPREAD), "{:?}", times);
        }
    }
}
