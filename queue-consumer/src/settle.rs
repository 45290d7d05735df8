//! Settles records that failed: dead-letters them, sends them again, or puts them off where they are.

use function_runtime::{CallDeadline, Clock, Rng, panics};
use timestamp::Timestamp;

use crate::failure::{Failure, Permanence};
use crate::outgoing::Outgoing;
use crate::ports::{Queue, Queues};
use crate::queue_calls;
use crate::record::Record;
use crate::retries::Retries;
use crate::schedule::delay_seconds;

/// The code of a record whose process died again and again.
pub const PROCESS_DIED: &str = "process_died";

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
    /// A queue holds its next copy: acknowledge it.
    SentAgain,
    /// It returns to the queue, or the queue's redrive moves it: report it.
    Reported,
}

/// The parameters of settling.
#[derive(Debug, Clone, Copy)]
pub struct Settlement<'a> {
    /// How long and where failed messages are tried again.
    pub retries: &'a Retries,
    /// When calls to the queues may begin and when they are abandoned.
    pub deadline: CallDeadline,
    /// Draws the time of a retry.
    pub rng: &'a Rng,
}

/// The records of a batch before work begins, as indices.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Isolated {
    /// Work on these.
    pub work: Vec<usize>,
    /// These may have killed a process, and could not be sent to the retry queue: report them.
    pub reported: Vec<usize>,
}

impl Settlement<'_> {
    /// Sends records that may have killed a process to the retry queue. A record that has no room for that is worked on with
    /// the others; the redrive of its queue ends a message that kills every time.
    pub async fn isolate<P: Queues + Clock>(&self, ports: &P, records: &[Record]) -> Isolated {
        let now = ports.now();
        let is_isolated = |index: &usize| {
            let record = &records[*index];
            self.retries.is_suspect(record) && self.retry(record, PROCESS_DIED, now).is_some()
        };
        let (suspects, work): (Vec<usize>, Vec<usize>) = (0..records.len()).partition(is_isolated);
        let failed: Vec<Failed<'_>> = suspects
            .iter()
            .map(|&index| Failed {
                record: &records[index],
                failure: Failure::transient(PROCESS_DIED, "its process died at every receive"),
            })
            .collect();
        let dispositions = self.settle(ports, &failed).await;
        let reported = suspects.into_iter().zip(dispositions);
        let reported = reported.filter(|(_, disposition)| *disposition == Disposition::Reported);
        Isolated {
            work,
            reported: reported.map(|(index, _)| index).collect(),
        }
    }

    /// Dead-letters each record that can never succeed or is too old, and sends each other one again, with a delay. A record
    /// for which that fails, or that has no room for it, is put off in its queue. Returns each record's disposition, in their
    /// order.
    ///
    /// The message is sent before its original is acknowledged: a process that dies in between doubles a delivery, and loses
    /// nothing.
    pub async fn settle<P: Queues + Clock>(&self, ports: &P, failed: &[Failed<'_>]) -> Vec<Disposition> {
        let now = ports.now();
        let mut dispositions = vec![Disposition::Reported; failed.len()];
        for to in [Queue::DeadLetter, Queue::Main, Queue::Retry] {
            let (indices, messages): (Vec<usize>, Vec<Outgoing>) = failed
                .iter()
                .enumerate()
                .filter(|(_, failed)| self.destination(failed, now) == to)
                .filter_map(|(index, failed)| Some((index, self.message(failed, to, now)?)))
                .unzip();
            let stored = queue_calls::send(ports, to, &messages, self.deadline).await;
            for (index, is_stored) in indices.into_iter().zip(stored) {
                log(&failed[index], to, is_stored);
                if is_stored {
                    dispositions[index] = match to {
                        Queue::DeadLetter => Disposition::DeadLettered,
                        Queue::Main | Queue::Retry => Disposition::SentAgain,
                    };
                }
            }
        }
        self.put_off(ports, failed, &dispositions).await;
        dispositions
    }

    /// Sets when the records that are left become visible again.
    async fn put_off<P: Queues + Clock>(
        &self,
        ports: &P,
        failed: &[Failed<'_>],
        dispositions: &[Disposition],
    ) {
        let left = failed.iter().zip(dispositions);
        let left: Vec<&Record> = left
            .filter(|(_, disposition)| **disposition == Disposition::Reported)
            .map(|(failed, _)| failed.record)
            .collect();
        for of in [Queue::Main, Queue::Retry] {
            let changes: Vec<_> = left
                .iter()
                .filter(|record| self.retries.source(record) == of)
                .filter_map(|record| record.visible_in(delay_seconds(record.receives(), self.rng)))
                .collect();
            queue_calls::change_visibility(ports, of, &changes, self.deadline).await;
        }
    }

    /// The queue to which a failed record is sent.
    fn destination(&self, failed: &Failed<'_>, now: Timestamp) -> Queue {
        let is_permanent = failed.failure.permanence == Permanence::Permanent;
        if is_permanent || self.retries.is_too_old(failed.record, now) {
            Queue::DeadLetter
        } else if self.retries.is_suspect(failed.record) {
            Queue::Retry
        } else {
            self.retries.source(failed.record)
        }
    }

    /// The message to send. A panic while it is built counts as a message that SQS would refuse.
    fn message(&self, failed: &Failed<'_>, to: Queue, now: Timestamp) -> Option<Outgoing> {
        let message = panics::catch(|| match to {
            Queue::DeadLetter => Outgoing::dead_letter(failed.record, &failed.failure, now),
            Queue::Main | Queue::Retry => self.retry(failed.record, &failed.failure.code, now),
        });
        let message = message.unwrap_or_default();
        if message.is_none() {
            let message_id = failed.record.message_id.as_deref().unwrap_or_default();
            tracing::error!(
                message_id,
                "message {message_id} has no room for the reason of its failure, and is put off in its queue"
            );
        }
        message
    }

    /// The next copy of a record, after the delay of the schedule.
    fn retry(&self, record: &Record, code: &str, now: Timestamp) -> Option<Outgoing> {
        let first_sent_at = record.first_sent_at().unwrap_or(now);
        let delay = delay_seconds(record.receives(), self.rng);
        Outgoing::retry(record, code, first_sent_at, delay)
    }
}

fn log(failed: &Failed<'_>, to: Queue, is_stored: bool) {
    let message_id = failed.record.message_id.as_deref().unwrap_or_default();
    let error_code = &*failed.failure.code;
    match (to, is_stored) {
        (Queue::DeadLetter, true) => {
            tracing::error!(message_id, error_code, "message {message_id} was dead-lettered");
        }
        (Queue::DeadLetter, false) => tracing::error!(
            message_id,
            error_code,
            "the dead letter of message {message_id} could not be stored"
        ),
        (Queue::Retry, true) => tracing::error!(
            message_id,
            error_code,
            "message {message_id} was sent to the retry queue"
        ),
        (Queue::Main | Queue::Retry, false) => tracing::warn!(
            message_id,
            error_code,
            "message {message_id} could not be sent again, and is put off in its queue"
        ),
        (Queue::Main, true) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::fakes::{Fault, Outside, record};
    use crate::record::Attribute;
    use crate::retries::tests::retries;

    /// Runs `work` with a settlement. The fakes never wait, so that one poll completes it.
    fn with<T>(work: impl AsyncFnOnce(Settlement<'_>) -> T) -> T {
        let settlement = Settlement {
            retries: &retries(),
            deadline: CallDeadline::until(Duration::from_hours(48)),
            rng: &Rng::seeded(1),
        };
        work(settlement).now_or_never().unwrap()
    }

    fn settle(outside: &Outside, failed: &[(&Record, Permanence)]) -> Vec<Disposition> {
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
        with(async |settlement| settlement.settle(outside, &failed).await)
    }

    /// A record with so many attributes that neither a dead letter nor a retry has room.
    fn crowded(number: usize, receive_count: u32) -> Record {
        let mut crowded = record(number, receive_count);
        let names = (0..8).map(|name| (format!("a{name}"), Attribute::text("v")));
        crowded.attributes.extend(names);
        crowded
    }

    /// The receipt handles of the messages whose visibility timeout was set, each with its queue.
    fn put_off(outside: &Outside) -> Vec<(Queue, String)> {
        let changes = outside.changes.borrow();
        let change =
            |(of, change): &(Queue, crate::ports::VisibilityChange)| (*of, change.receipt_handle.clone());
        changes.iter().map(change).collect()
    }

    #[test]
    fn permanent_failures_are_dead_lettered_and_transient_ones_sent_again_with_a_delay() {
        let outside = Outside::default();
        let (poison, throttled) = (record(0, 1), record(1, 2));
        let dispositions = settle(
            &outside,
            &[
                (&poison, Permanence::Permanent),
                (&throttled, Permanence::Transient),
            ],
        );
        assert_eq!(dispositions, [Disposition::DeadLettered, Disposition::SentAgain]);
        let sent = outside.sent.borrow();
        let [(Queue::DeadLetter, dead_letter), (Queue::Main, retry)] = &sent[..] else {
            panic!("{sent:?}")
        };
        let text = |message: &Outgoing, name: &str| message.attributes()[name].as_text().map(str::to_owned);
        assert_eq!(text(dead_letter, "source_message_id").as_deref(), Some("m0"));
        assert_eq!(text(dead_letter, "error_code").as_deref(), Some("code"));
        assert_eq!(text(retry, "error_code").as_deref(), Some("code"));
        assert_eq!(text(retry, "retry_receives").as_deref(), Some("2"));
        assert!((5..=10).contains(&retry.delay_seconds()));
        assert!(put_off(&outside).is_empty());
    }

    #[test]
    fn the_delay_grows_with_the_receives_of_all_copies() {
        let outside = Outside::default();
        let mut copy = record(0, 1);
        copy.attributes
            .insert("retry_receives".to_owned(), Attribute::number(4));
        settle(&outside, &[(&copy, Permanence::Transient)]);
        assert!((40..=80).contains(&outside.sent.borrow()[0].1.delay_seconds()));
    }

    #[test]
    fn a_message_is_dead_lettered_by_its_age_whatever_its_receives() {
        let outside = Outside::default();
        let mut copy = record(0, 2);
        copy.attributes
            .insert("retry_receives".to_owned(), Attribute::number(400));
        let young = [(&copy, Permanence::Transient)];
        outside
            .time
            .set(Duration::from_hours(24) - Duration::from_millis(1));
        assert_eq!(settle(&outside, &young), [Disposition::SentAgain]);
        outside.time.set(Duration::from_hours(24));
        assert_eq!(settle(&outside, &young), [Disposition::DeadLettered]);
        let dead_letter = &outside.sent.borrow()[1].1;
        assert_eq!(dead_letter.attributes()["receive_count"].as_text(), Some("402"));
    }

    #[test]
    fn a_record_of_the_retry_queue_stays_there() {
        let outside = Outside::default();
        let mut alone = record(0, 1);
        alone.queue = Some("orders-retry".to_owned());
        assert_eq!(
            settle(&outside, &[(&alone, Permanence::Transient)]),
            [Disposition::SentAgain]
        );
        assert_eq!(outside.sent.borrow()[0].0, Queue::Retry);
        outside.send_fault.set(Fault::Refused);
        assert_eq!(
            settle(&outside, &[(&alone, Permanence::Transient)]),
            [Disposition::Reported]
        );
        assert_eq!(put_off(&outside), [(Queue::Retry, "r0".to_owned())]);
    }

    #[test]
    fn a_record_whose_process_died_twice_goes_to_the_retry_queue_before_work() {
        let outside = Outside::default();
        let mut alone = record(4, 9);
        alone.queue = Some("orders-retry".to_owned());
        let records = [record(0, 1), record(1, 3), record(2, 2), crowded(3, 3), alone];
        let isolated = with(async |settlement| settlement.isolate(&outside, &records).await);
        assert_eq!(
            (&*isolated.work, &*isolated.reported),
            (&[0, 2, 3, 4][..], &[][..])
        );
        let sent = outside.sent.take();
        let [(Queue::Retry, message)] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert_eq!(message.attributes()["error_code"].as_text(), Some(PROCESS_DIED));
        // A record that cannot be sent is not worked on.
        outside.send_fault.set(Fault::Refused);
        let isolated = with(async |settlement| settlement.isolate(&outside, &records).await);
        assert_eq!(
            (&*isolated.work, &*isolated.reported),
            (&[0, 2, 3, 4][..], &[1][..])
        );
        assert_eq!(put_off(&outside), [(Queue::Main, "r1".to_owned())]);
    }

    #[test]
    fn a_message_that_may_not_be_stored_counts_as_not_stored() {
        let records: Vec<Record> = (0..3).map(|number| record(number, 1)).collect();
        for permanence in [Permanence::Permanent, Permanence::Transient] {
            let failed: Vec<_> = records.iter().map(|record| (record, permanence)).collect();
            for fault in [Fault::Refused, Fault::Empty, Fault::Panic, Fault::Hangs] {
                let outside = Outside::default();
                outside.send_fault.set(fault);
                assert_eq!(settle(&outside, &failed), [Disposition::Reported; 3], "{fault:?}");
                // A call that hangs leaves no time for another.
                let expected = if fault == Fault::Hangs { 0 } else { 3 };
                assert_eq!(put_off(&outside).len(), expected, "{fault:?}");
            }
            let outside = Outside::default();
            outside.send_fault.set(Fault::Message(1));
            let dispositions = settle(&outside, &failed);
            let is_reported = |disposition: &Disposition| *disposition == Disposition::Reported;
            let reported: Vec<bool> = dispositions.iter().map(is_reported).collect();
            assert_eq!(reported, [false, true, false]);
            assert_eq!(put_off(&outside), [(Queue::Main, "r1".to_owned())]);
        }
    }

    #[test]
    fn a_message_without_room_is_put_off_in_its_queue() {
        for permanence in [Permanence::Permanent, Permanence::Transient] {
            let outside = Outside::default();
            let crowded = crowded(0, 12);
            assert_eq!(
                settle(&outside, &[(&crowded, permanence)]),
                [Disposition::Reported]
            );
            assert_eq!(put_off(&outside), [(Queue::Main, "r0".to_owned())]);
        }
    }

    #[test]
    fn no_fault_of_the_queue_makes_settling_panic_or_hang() {
        let throttled = record(0, 1);
        for fault in [Fault::Refused, Fault::Empty, Fault::Panic, Fault::Hangs] {
            let outside = Outside::default();
            outside.send_fault.set(fault);
            outside.change_fault.set(fault);
            let dispositions = settle(&outside, &[(&throttled, Permanence::Transient)]);
            assert_eq!(dispositions, [Disposition::Reported]);
            assert!(outside.time.get() <= Duration::from_hours(48));
        }
    }
}
