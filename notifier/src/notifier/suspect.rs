//! Records that may have killed a process before: they come after the others, and come back apart from each other.

use std::time::Duration;

use queue_consumer::entries;
use queue_consumer::ports::VisibilityChange;
use queue_consumer::record::Record;
use queue_consumer::window::Window;

use super::{Deadline, Notifier, TIME_TO_CALL, TIME_TO_READ, TIME_TO_SETTLE};
use crate::ports::Ports;

/// From this receive on a record is a suspect: the process that received it before may have died of it.
pub(super) const SUSPECT_FROM: u32 = 2;

/// How far apart suspects come back that were received [`SUSPECT_FROM`] times: further than the events of one batch,
/// which are gathered for a second. With each further receive it doubles, and so outgrows any window.
const SPACING: Duration = Duration::from_secs(3);

/// The longest time over which suspects are spread, as long as the longest delay between two receives.
const LONGEST_SPREAD: Duration = Duration::from_mins(15);

/// Time for the calls that part suspects, and for those that delete what is finished: a queue that takes none costs no
/// more of the time for emails.
const TIME_TO_PREPARE: Duration = Duration::from_secs(5);

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
        // The likeliest first here: should there be no time for all, they are the ones to be set apart.
        let changes: Vec<VisibilityChange> = suspects
            .iter()
            .zip(spread(&receive_counts))
            .rev()
            .filter_map(|(record, delay)| {
                let seconds = u32::try_from((rest + delay).as_secs()).unwrap_or(u32::MAX);
                record.shown_in(seconds)
            })
            .collect();
        let window = self.time_to_prepare(deadline, TIME_TO_CALL + TIME_TO_READ);
        entries::change_visibility(&self.ports, &changes, window).await;
    }

    /// Deletes what is finished now rather than by the answer, which a killer would keep from being given. What cannot be
    /// deleted is left to the answer.
    pub(super) async fn delete(&self, finished: &[&Record], deadline: Deadline) {
        let window = self.time_to_prepare(deadline, TIME_TO_SETTLE);
        entries::delete(&self.ports, finished.iter().copied(), window).await;
    }

    /// A while from now that leaves `needed` of the invocation's time.
    fn time_to_prepare(&self, deadline: Deadline, needed: Duration) -> Window {
        let end = self.ports.monotonic() + TIME_TO_PREPARE;
        Window::until(end.min(deadline.0.saturating_sub(needed))).leaving(TIME_TO_CALL)
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
