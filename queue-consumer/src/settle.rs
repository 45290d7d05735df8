//! What becomes of records that failed: the dead-letter queue, or another try at its time.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};

use order_core::Timestamp;

use crate::chance::Chance;
use crate::dead_letter::DeadLetter;
use crate::entries;
use crate::failure::{Failure, Permanence};
use crate::ports::{Clock, Queues};
use crate::record::Record;
use crate::schedule::visibility_seconds;
use crate::window::Window;

/// A record that failed, and why.
#[derive(Debug, Clone)]
pub struct Failed<'a> {
    /// Which.
    pub record: &'a Record,
    /// Why.
    pub failure: Failure,
}

/// What became of a record that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It lies in the dead-letter queue, with its reason: to be acknowledged.
    Buried,
    /// It comes back, or the queue's redrive carries it away: to be reported.
    Reported,
}

/// What settling goes by.
#[derive(Debug, Clone, Copy)]
pub struct Settlement<'a> {
    /// The receive that is a message's last.
    pub max_receive_count: NonZeroU32,
    /// When calls to the queue are made.
    pub window: Window,
    /// Decides when a message comes back.
    pub chance: &'a Chance,
}

impl Settlement<'_> {
    /// Buries what can never succeed or has had its last receive, and sets when the rest is shown again. Says of each
    /// record, in their order, what became of it. One that cannot be buried is reported: then redrive does its work.
    pub async fn settle<P: Queues + Clock>(&self, ports: &P, failed: &[Failed<'_>]) -> Vec<Settled> {
        let failed_at = ports.now();
        let (places, letters): (Vec<usize>, Vec<DeadLetter>) = failed
            .iter()
            .enumerate()
            .filter(|(_, failed)| self.is_final(failed))
            .filter_map(|(place, failed)| Some((place, letter(failed, failed_at)?)))
            .unzip();
        let mut settled = vec![Settled::Reported; failed.len()];
        let buried = entries::bury(ports, &letters, self.window).await;
        for (place, is_buried) in places.into_iter().zip(buried) {
            log(&failed[place], is_buried);
            if is_buried {
                settled[place] = Settled::Buried;
            }
        }
        let changes: Vec<_> = failed
            .iter()
            .zip(&settled)
            .filter(|(_, settled)| **settled == Settled::Reported)
            .filter_map(|(failed, _)| {
                let record = failed.record;
                record.shown_in(visibility_seconds(record.receive_count, self.chance))
            })
            .collect();
        entries::change_visibility(ports, &changes, self.window).await;
        settled
    }

    fn is_final(&self, failed: &Failed<'_>) -> bool {
        failed.failure.permanence == Permanence::Permanent
            || failed.record.receive_count >= self.max_receive_count.get()
    }
}

/// The record's letter. A panic over it is as if SQS would not take it.
fn letter(failed: &Failed<'_>, failed_at: Timestamp) -> Option<DeadLetter> {
    // Nothing outlives the closure, so nothing can be left half changed.
    let letter = AssertUnwindSafe(|| DeadLetter::new(failed.record, &failed.failure, failed_at));
    let letter = catch_unwind(letter).unwrap_or_default();
    if letter.is_none() {
        let message_id = failed.record.message_id.as_deref().unwrap_or_default();
        tracing::error!(
            message_id,
            "SQS would not take message {message_id} with its reason: left to the queue's redrive"
        );
    }
    letter
}

fn log(failed: &Failed<'_>, is_buried: bool) {
    let message_id = failed.record.message_id.as_deref().unwrap_or_default();
    let error_code = &*failed.failure.code;
    if is_buried {
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

    fn settle(outside: &Outside, failed: &[(&Record, Permanence)]) -> Vec<Settled> {
        let settlement = Settlement {
            max_receive_count: NonZeroU32::new(LAST_RECEIVE).unwrap(),
            window: Window::until(Duration::from_secs(5)),
            chance: &Chance::seeded(1),
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
        // The fakes never wait, so that one poll ends it.
        settlement.settle(outside, &failed).now_or_never().unwrap()
    }

    /// The receipt handles of the messages that were put off.
    fn put_off(outside: &Outside) -> Vec<String> {
        let changes = outside.changes.borrow();
        changes
            .iter()
            .map(|change| change.receipt_handle.clone())
            .collect()
    }

    #[test]
    fn what_can_never_succeed_is_buried_and_what_may_pass_is_put_off() {
        let outside = Outside::default();
        let (poison, throttled) = (record(0, 1), record(1, 3));
        let settled = settle(
            &outside,
            &[
                (&poison, Permanence::Permanent),
                (&throttled, Permanence::Transient),
            ],
        );
        assert_eq!(settled, [Settled::Buried, Settled::Reported]);
        let letters = outside.letters.borrow();
        let [letter] = &letters[..] else {
            panic!("one letter")
        };
        assert_eq!(letter.attributes()["source_message_id"].as_text(), Some("m0"));
        assert_eq!(letter.attributes()["error_code"].as_text(), Some("code"));
        assert_eq!(put_off(&outside), ["r1"]);
        assert!((10..=20).contains(&outside.changes.borrow()[0].seconds));
    }

    #[test]
    fn with_its_last_receive_a_message_is_buried_and_not_before() {
        let outside = Outside::default();
        let (last, last_but_one) = (record(0, LAST_RECEIVE), record(1, LAST_RECEIVE - 1));
        let settled = settle(
            &outside,
            &[
                (&last, Permanence::Transient),
                (&last_but_one, Permanence::Transient),
            ],
        );
        assert_eq!(settled, [Settled::Buried, Settled::Reported]);
    }

    #[test]
    fn a_letter_that_may_not_have_arrived_is_none() {
        let poison: Vec<Record> = (0..3).map(|number| record(number, 1)).collect();
        let failed: Vec<_> = poison
            .iter()
            .map(|record| (record, Permanence::Permanent))
            .collect();
        for fault in [Fault::Refused, Fault::Empty, Fault::Panic, Fault::Hangs] {
            let outside = Outside::default();
            outside.burials.set(fault);
            assert_eq!(settle(&outside, &failed), [Settled::Reported; 3], "{fault:?}");
            // A burial that hangs leaves no time for more.
            let most = if fault == Fault::Hangs { 0 } else { 3 };
            assert_eq!(put_off(&outside).len(), most, "{fault:?}");
        }
        let outside = Outside::default();
        outside.burials.set(Fault::Entry(1));
        let settled = settle(&outside, &failed);
        assert_eq!(settled, [Settled::Buried, Settled::Reported, Settled::Buried]);
        assert_eq!(put_off(&outside), ["r1"]);
    }

    #[test]
    fn a_message_without_room_for_its_reason_is_put_off_and_left_to_redrive() {
        let outside = Outside::default();
        let mut crowded = record(0, LAST_RECEIVE);
        let names = ["a", "b", "c", "d", "e"];
        crowded
            .attributes
            .extend(names.map(|name| (name.to_owned(), crate::record::Attribute::text("v"))));
        let settled = settle(&outside, &[(&crowded, Permanence::Permanent)]);
        assert_eq!(settled, [Settled::Reported]);
        assert_eq!(put_off(&outside), ["r0"]);
    }

    #[test]
    fn nothing_of_the_queue_makes_settling_panic_or_wait_for_ever() {
        let throttled = record(0, 1);
        for fault in [Fault::Refused, Fault::Empty, Fault::Panic, Fault::Hangs] {
            let outside = Outside::default();
            outside.others.set(fault);
            let settled = settle(&outside, &[(&throttled, Permanence::Transient)]);
            assert_eq!(settled, [Settled::Reported]);
            assert!(outside.time.get() <= Duration::from_secs(5));
        }
    }
}
