//! Settles records that failed: dead-letters them, sends them again, or puts them off where they are.

use function_runtime::{CallDeadline, Clock, Rng, panics};
use timestamp::Timestamp;

use crate::failure::{Failure, Permanence, code};
use crate::marks::{self, Marks};
use crate::outgoing::Outgoing;
use crate::ports::{Queue, Queues};
use crate::queue_calls;
use crate::record::Record;
use crate::retries::Retries;
use crate::schedule::delay_seconds;

/// A record that failed, and why.
#[derive(Debug, Clone)]
pub struct Failed<'a> {
    /// The record.
    pub record: &'a Record,
    /// Why it failed.
    pub failure: Failure,
    /// Whether a later attempt may succeed.
    pub permanence: Permanence,
}

impl<'a> Failed<'a> {
    /// A record that failed, with the permanence of the failure table.
    #[must_use]
    pub fn new(record: &'a Record, failure: Failure) -> Self {
        Self {
            record,
            permanence: failure.permanence(),
            failure,
        }
    }
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

impl Disposition {
    /// For the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DeadLettered => "dead_lettered",
            Self::SentAgain => "sent_again",
            Self::Reported => "reported",
        }
    }
}

/// A record whose process died twice.
fn died(record: &Record) -> Failed<'_> {
    Failed::new(
        record,
        Failure::new(code::PROCESS_DIED, "its process died at every receive"),
    )
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

/// The records of a batch before work begins.
#[derive(Debug)]
pub struct Isolated<'a> {
    /// Work on these.
    pub work: Vec<&'a Record>,
    /// How many others may have killed a process.
    pub suspects: usize,
    /// Those of them that could not be sent to the retry queue: report them.
    pub reported: Vec<&'a Record>,
}

impl Settlement<'_> {
    /// Sends records that may have killed a process to the retry queue. A record that has no room for that is worked on with
    /// the others; the redrive of its queue ends a message that kills every time.
    pub async fn isolate<'a, P: Queues + Marks + Clock>(
        &self,
        ports: &P,
        records: &'a [Record],
    ) -> Isolated<'a> {
        let now = ports.now();
        let is_isolated =
            |record: &&Record| self.retries.is_suspect(record) && self.retry(&died(record), now).is_some();
        let (suspects, work): (Vec<&Record>, Vec<&Record>) = records.iter().partition(is_isolated);
        let suspects: Vec<Failed<'_>> = suspects.into_iter().map(died).collect();
        let dispositions = self.settle(ports, &suspects).await;
        let reported = suspects.iter().zip(dispositions);
        let reported = reported.filter(|(_, disposition)| *disposition == Disposition::Reported);
        for Failed { record, failure, .. } in &suspects {
            let message_id = record.message_id.as_deref().unwrap_or_default();
            tracing::error!(
                message_id,
                order_id = record.order_id().map(|id| id.to_string()),
                error_code = &*failure.code,
                receive_count = record.receives(),
                "message {message_id} is isolated: its process died twice"
            );
        }
        Isolated {
            work,
            suspects: suspects.len(),
            reported: reported.map(|(failed, _)| failed.record).collect(),
        }
    }

    /// Dead-letters each record that can never succeed or is too old, and sends each other one again, with a delay. A record
    /// for which that fails, or that has no room for it, is put off in its queue. Then marks the dead letters. Returns each
    /// record's disposition, in their order.
    ///
    /// The message is sent before its original is acknowledged: a process that dies in between doubles a delivery, and loses
    /// nothing.
    pub async fn settle<P: Queues + Marks + Clock>(
        &self,
        ports: &P,
        failed: &[Failed<'_>],
    ) -> Vec<Disposition> {
        let now = ports.now();
        let mut dispositions = vec![Disposition::Reported; failed.len()];
        for to in [Queue::DeadLetter, Queue::Main, Queue::Retry] {
            let (indices, messages): (Vec<usize>, Vec<Outgoing>) = failed
                .iter()
                .enumerate()
                .filter(|(_, failed)| self.destination(failed, now) == to)
                .filter_map(|(index, failed)| Some((index, self.message(failed, to, now)?)))
                .unzip();
            let stored = queue_calls::send(ports, to, &messages, self.deadline, self.rng).await;
            for (index, is_stored) in indices.into_iter().zip(stored) {
                if is_stored {
                    dispositions[index] = match to {
                        Queue::DeadLetter => Disposition::DeadLettered,
                        Queue::Main | Queue::Retry => Disposition::SentAgain,
                    };
                }
            }
        }
        for of in [Queue::Main, Queue::Retry] {
            let left = failed.iter().zip(&dispositions);
            let left = left.filter(|(failed, disposition)| {
                **disposition == Disposition::Reported && self.retries.source(failed.record) == of
            });
            let changes: Vec<_> = left
                .filter_map(|(failed, _)| failed.record.visible_in(self.delay(failed)))
                .collect();
            queue_calls::change_visibility(ports, of, &changes, self.deadline, self.rng).await;
        }
        // Last, because no message depends on it.
        let is_dead =
            |(_, disposition): &(&Failed<'_>, &Disposition)| **disposition == Disposition::DeadLettered;
        let dead_letters = failed.iter().zip(&dispositions).filter(is_dead);
        let dead_letters = dead_letters.map(|(failed, _)| (failed.record, &*failed.failure.code));
        // Boxed, because the SDK's futures nest deeper than the compiler follows in one piece.
        let mark = Box::pin(marks::mark(ports, dead_letters, self.deadline, self.rng));
        mark.await;
        dispositions
    }

    /// The queue to which a failed record is sent.
    fn destination(&self, failed: &Failed<'_>, now: Timestamp) -> Queue {
        let is_permanent = failed.permanence == Permanence::Permanent;
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
            Queue::Main | Queue::Retry => self.retry(failed, now),
        });
        let message = message.unwrap_or_default();
        if message.is_none() {
            let message_id = failed.record.message_id.as_deref().unwrap_or_default();
            tracing::error!(
                message_id,
                order_id = failed.record.order_id().map(|id| id.to_string()),
                "message {message_id} has no room for the reason of its failure, and is put off in its queue"
            );
        }
        message
    }

    /// The next copy of a record, after its delay.
    fn retry(&self, failed: &Failed<'_>, now: Timestamp) -> Option<Outgoing> {
        let first_sent_at = failed.record.first_sent_at().unwrap_or(now);
        Outgoing::retry(
            failed.record,
            &failed.failure.code,
            first_sent_at,
            self.delay(failed),
        )
    }

    fn delay(&self, failed: &Failed<'_>) -> u32 {
        delay_seconds(failed.record.receives(), failed.failure.is_outage, self.rng)
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

    /// A code of each permanence.
    fn code_of(permanence: Permanence) -> &'static str {
        match permanence {
            Permanence::Permanent => code::CONFLICT,
            Permanence::Transient => "code",
        }
    }

    fn settle(outside: &Outside, failed: &[(&Record, Permanence)]) -> Vec<Disposition> {
        let failed: Vec<Failed<'_>> = failed
            .iter()
            .map(|&(record, permanence)| Failed::new(record, Failure::new(code_of(permanence), "why")))
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
        assert_eq!(text(dead_letter, "error_code").as_deref(), Some("conflict"));
        assert_eq!(text(retry, "error_code").as_deref(), Some("code"));
        assert_eq!(text(retry, "retry_receives").as_deref(), Some("2"));
        assert!((5..=10).contains(&retry.delay_seconds()));
        assert!(put_off(&outside).is_empty());
    }

    #[test]
    fn a_dead_letter_is_marked_once_its_queue_has_it_and_a_failed_mark_harms_nothing() {
        let outside = Outside::default();
        let id = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
        let naming = |accepted_at: &str| Record {
            body: Some(format!(r#"{{"order_id":"{id}","accepted_at":"{accepted_at}"}}"#)),
            ..record(0, 1)
        };
        let (poison, copy, nameless) = (naming("2026-11-23T09:35:00.000Z"), naming("?"), record(1, 1));
        let permanent = [&poison, &copy, &nameless].map(|record| (record, Permanence::Permanent));
        let settled = || settle(&outside, &permanent);
        assert_eq!(settled(), [Disposition::DeadLettered; 3]);
        let marks = outside.marks.take();
        let [mark] = &marks[..] else { panic!("{marks:?}") };
        assert_eq!(
            (mark.order_id.to_string().as_str(), &*mark.error_code),
            (id, "conflict")
        );
        assert_eq!(mark.accepted_at.to_string(), "2026-11-23T09:35:00.000Z");
        for fault in [Fault::Refused, Fault::Panic, Fault::Empty] {
            outside.mark_fault.set(fault);
            assert_eq!(settled(), [Disposition::DeadLettered; 3], "{fault:?}");
        }
        // Neither a message that is sent again nor one that no queue took is dead.
        outside.mark_fault.set(Fault::None);
        settle(&outside, &[(&poison, Permanence::Transient)]);
        outside.send_fault.set(Fault::Refused);
        assert_eq!(settled(), [Disposition::Reported; 3]);
        assert!(outside.marks.borrow().is_empty());
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
    fn a_message_whose_service_is_away_returns_within_half_a_minute() {
        let outside = Outside::default();
        let copy = record(0, 20);
        let failure = Failure {
            is_outage: true,
            ..Failure::new("code", "why")
        };
        let mut alone = copy.clone();
        alone.queue = Some("orders-retry".to_owned());
        for record in [&copy, &alone] {
            let failure = failure.clone();
            with(async |settlement| settlement.settle(&outside, &[Failed::new(record, failure)]).await);
        }
        for (_, message) in outside.sent.borrow().iter() {
            assert!((15..=30).contains(&message.delay_seconds()));
        }
        assert_eq!(outside.sent.borrow().len(), 2);
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
        let isolate = || {
            let isolated = with(async |settlement| settlement.isolate(&outside, &records).await);
            let ids = |records: Vec<&Record>| -> Vec<String> {
                let ids = records
                    .into_iter()
                    .map(|record| record.message_id.clone().unwrap());
                ids.collect()
            };
            assert_eq!(isolated.suspects, 1);
            assert_eq!(ids(isolated.work), ["m0", "m2", "m3", "m4"]);
            ids(isolated.reported)
        };
        assert_eq!(isolate(), [""; 0]);
        let sent = outside.sent.take();
        let [(Queue::Retry, message)] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert_eq!(
            message.attributes()["error_code"].as_text(),
            Some(code::PROCESS_DIED)
        );
        // A record that cannot be sent is not worked on.
        outside.send_fault.set(Fault::Refused);
        assert_eq!(isolate(), ["m1"]);
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
