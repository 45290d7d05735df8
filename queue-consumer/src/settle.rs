//! Settles records that failed: dead-letters them, or sets the time of their retry.

use std::num::NonZeroU32;

use function_runtime::{CallDeadline, Clock, Rng, panics};
use timestamp::Timestamp;

use crate::dead_letter::DeadLetter;
use crate::failure::{Failure, Permanence};
use crate::ports::Queues;
use crate::queue_calls;
use crate::record::Record;
use crate::schedule::visibility_seconds;

/// A record that failed, and why.
#[derive(Debug, Clone)]
pub struct Failed<'a> {
    /// The record.
    pub record: &'a Record,
    /// Why it failed.
    pub failure: Failure,
}

/// How a record that failed was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The dead-letter queue holds it with its reason: acknowledge it.
    DeadLettered,
    /// It returns to the queue, or the queue's redrive moves it: report it.
    Reported,
}

/// The parameters of settling.
#[derive(Debug, Clone, Copy)]
pub struct Settlement<'a> {
    /// The receive that is a message's last.
    pub max_receive_count: NonZeroU32,
    /// When calls to the queue may begin and when they are abandoned.
    pub deadline: CallDeadline,
    /// Draws the time of a retry.
    pub rng: &'a Rng,
}

impl Settlement<'_> {
    /// Dead-letters each record that can never succeed or was received for the last time, and sets when the others become
    /// visible again. Returns each record's disposition, in their order. A record that cannot be dead-lettered is reported:
    /// the queue's redrive moves it later.
    pub async fn settle<P: Queues + Clock>(&self, ports: &P, failed: &[Failed<'_>]) -> Vec<Disposition> {
        let failed_at = ports.now();
        let (indices, dead_letters): (Vec<usize>, Vec<DeadLetter>) = failed
            .iter()
            .enumerate()
            .filter(|(_, failed)| self.is_final(failed))
            .filter_map(|(index, failed)| Some((index, dead_letter(failed, failed_at)?)))
            .unzip();
        let mut dispositions = vec![Disposition::Reported; failed.len()];
        let stored = queue_calls::dead_letter(ports, &dead_letters, self.deadline).await;
        for (index, is_stored) in indices.into_iter().zip(stored) {
            log(&failed[index], is_stored);
            if is_stored {
                dispositions[index] = Disposition::DeadLettered;
            }
        }
        let changes: Vec<_> = failed
            .iter()
            .zip(&dispositions)
            .filter(|(_, disposition)| **disposition == Disposition::Reported)
            .filter_map(|(failed, _)| {
                let record = failed.record;
                record.visible_in(visibility_seconds(record.receive_count, self.rng))
            })
            .collect();
        queue_calls::change_visibility(ports, &changes, self.deadline).await;
        dispositions
    }

    fn is_final(&self, failed: &Failed<'_>) -> bool {
        failed.failure.permanence == Permanence::Permanent
            || failed.record.receive_count >= self.max_receive_count.get()
    }
}

/// The record's dead letter. A panic while it is built counts as a message that SQS would refuse.
fn dead_letter(failed: &Failed<'_>, failed_at: Timestamp) -> Option<DeadLetter> {
    let dead_letter = panics::catch(|| DeadLetter::new(failed.record, &failed.failure, failed_at));
    let dead_letter = dead_letter.unwrap_or_default();
    if dead_letter.is_none() {
        let message_id = failed.record.message_id.as_deref().unwrap_or_default();
        tracing::error!(
            message_id,
            "message {message_id} does not fit into SQS with its reason; the queue's redrive will move it"
        );
    }
    dead_letter
}

fn log(failed: &Failed<'_>, is_stored: bool) {
    let message_id = failed.record.message_id.as_deref().unwrap_or_default();
    let error_code = &*failed.failure.code;
    if is_stored {
        tracing::error!(message_id, error_code, "message {message_id} was dead-lettered");
    } else {
        tracing::error!(
            message_id,
            error_code,
            "the dead letter of message {message_id} could not be stored"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::fakes::{Fault, Outside, record};

    const LAST_RECEIVE: u32 = 12;

    fn settle(outside: &Outside, failed: &[(&Record, Permanence)]) -> Vec<Disposition> {
        let settlement = Settlement {
            max_receive_count: NonZeroU32::new(LAST_RECEIVE).unwrap(),
            deadline: CallDeadline::until(Duration::from_secs(5)),
            rng: &Rng::seeded(1),
        };
        let failed: Vec<Failed<'_>> = failed
            .iter()
            .map(|&(record, permanence)| Failed {
                record,
                failure: Failure {
                    permanence,
                    ..Failure::transient("code", "why")
                },
            })
            .collect();
        // The fakes never wait, so that one poll completes it.
        settlement.settle(outside, &failed).now_or_never().unwrap()
    }

    /// The receipt handles of the messages whose visibility timeout was set.
    fn delayed(outside: &Outside) -> Vec<String> {
        let changes = outside.changes.borrow();
        changes
            .iter()
            .map(|change| change.receipt_handle.clone())
            .collect()
    }

    #[test]
    fn permanent_failures_are_dead_lettered_and_transient_ones_delayed() {
        let outside = Outside::default();
        let (poison, throttled) = (record(0, 1), record(1, 3));
        let dispositions = settle(
            &outside,
            &[
                (&poison, Permanence::Permanent),
                (&throttled, Permanence::Transient),
            ],
        );
        assert_eq!(dispositions, [Disposition::DeadLettered, Disposition::Reported]);
        let dead_letters = outside.dead_letters.borrow();
        let [dead_letter] = &dead_letters[..] else {
            panic!("one dead letter")
        };
        assert_eq!(
            dead_letter.attributes()["source_message_id"].as_text(),
            Some("m0")
        );
        assert_eq!(dead_letter.attributes()["error_code"].as_text(), Some("code"));
        assert_eq!(delayed(&outside), ["r1"]);
        assert!((10..=20).contains(&outside.changes.borrow()[0].seconds));
    }

    #[test]
    fn a_message_is_dead_lettered_at_its_last_receive_and_not_before() {
        let outside = Outside::default();
        let (last, last_but_one) = (record(0, LAST_RECEIVE), record(1, LAST_RECEIVE - 1));
        let dispositions = settle(
            &outside,
            &[
                (&last, Permanence::Transient),
                (&last_but_one, Permanence::Transient),
            ],
        );
        assert_eq!(dispositions, [Disposition::DeadLettered, Disposition::Reported]);
    }

    #[test]
    fn a_dead_letter_that_may_not_be_stored_counts_as_not_stored() {
        let poison: Vec<Record> = (0..3).map(|number| record(number, 1)).collect();
        let failed: Vec<_> = poison
            .iter()
            .map(|record| (record, Permanence::Permanent))
            .collect();
        for fault in [Fault::Refused, Fault::Empty, Fault::Panic, Fault::Hangs] {
            let outside = Outside::default();
            outside.dead_letter_fault.set(fault);
            assert_eq!(settle(&outside, &failed), [Disposition::Reported; 3], "{fault:?}");
            // A call that hangs leaves no time for another.
            let expected = if fault == Fault::Hangs { 0 } else { 3 };
            assert_eq!(delayed(&outside).len(), expected, "{fault:?}");
        }
        let outside = Outside::default();
        outside.dead_letter_fault.set(Fault::Message(1));
        let dispositions = settle(&outside, &failed);
        assert_eq!(
            dispositions,
            [
                Disposition::DeadLettered,
                Disposition::Reported,
                Disposition::DeadLettered
            ]
        );
        assert_eq!(delayed(&outside), ["r1"]);
    }

    #[test]
    fn a_message_without_room_for_its_reason_is_delayed_and_left_to_redrive() {
        let outside = Outside::default();
        let mut crowded = record(0, LAST_RECEIVE);
        let names = ["a", "b", "c", "d", "e"];
        crowded
            .attributes
            .extend(names.map(|name| (name.to_owned(), crate::record::Attribute::text("v"))));
        let dispositions = settle(&outside, &[(&crowded, Permanence::Permanent)]);
        assert_eq!(dispositions, [Disposition::Reported]);
        assert_eq!(delayed(&outside), ["r0"]);
    }

    #[test]
    fn no_fault_of_the_queue_makes_settling_panic_or_hang() {
        let throttled = record(0, 1);
        for fault in [Fault::Refused, Fault::Empty, Fault::Panic, Fault::Hangs] {
            let outside = Outside::default();
            outside.other_fault.set(fault);
            let dispositions = settle(&outside, &[(&throttled, Permanence::Transient)]);
            assert_eq!(dispositions, [Disposition::Reported]);
            assert!(outside.time.get() <= Duration::from_secs(5));
        }
    }
}
