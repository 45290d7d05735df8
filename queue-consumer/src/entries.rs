//! Work on many messages of the queue, as many a call as SQS takes.

use futures_util::{StreamExt as _, stream};

use crate::call;
use crate::dead_letter::DeadLetter;
use crate::pack::pack;
use crate::ports::{Clock, Queues, VisibilityChange};
use crate::quotas::{MOST_BYTES, MOST_ENTRIES};
use crate::record::Record;
use crate::refusal::Answers;
use crate::window::Window;

/// Calls in flight at once.
const IN_FLIGHT: usize = 10;

/// Sends letters to the dead-letter queue, and says of each whether it arrived.
pub async fn bury<P: Queues + Clock>(ports: &P, letters: &[DeadLetter], window: Window) -> Vec<bool> {
    let sizes: Vec<usize> = letters.iter().map(DeadLetter::size).collect();
    let batches = pack(&sizes, MOST_ENTRIES, MOST_BYTES)
        .into_iter()
        .map(async |batch| {
            let batch: Vec<&DeadLetter> = letters[batch].iter().collect();
            done(ports, window, "dead letters", batch.len(), ports.bury(&batch)).await
        });
    stream::iter(batches)
        .buffered(IN_FLIGHT)
        .collect::<Vec<_>>()
        .await
        .concat()
}

/// Sets when messages are shown again. One that cannot be set waits for the queue's own timeout.
pub async fn change_visibility<P: Queues + Clock>(ports: &P, changes: &[VisibilityChange], window: Window) {
    stream::iter(changes.chunks(MOST_ENTRIES))
        .for_each_concurrent(IN_FLIGHT, async |batch| {
            done(
                ports,
                window,
                "visibility changes",
                batch.len(),
                ports.change_visibility(batch),
            )
            .await;
        })
        .await;
}

/// Deletes finished messages now rather than by the answer. One that cannot be deleted is left to the answer.
pub async fn delete<'a, P: Queues + Clock>(
    ports: &P,
    finished: impl IntoIterator<Item = &'a Record>,
    window: Window,
) {
    let receipt_handles: Vec<&str> = finished
        .into_iter()
        .filter_map(|record| record.receipt_handle.as_deref())
        .collect();
    stream::iter(receipt_handles.chunks(MOST_ENTRIES))
        .for_each_concurrent(IN_FLIGHT, async |batch| {
            done(ports, window, "deletions", batch.len(), ports.delete(batch)).await;
        })
        .await;
}

/// Makes one call, if there is time, and says of each of its entries whether it was done.
async fn done(
    clock: &impl Clock,
    window: Window,
    what: &'static str,
    entries: usize,
    call: impl Future<Output = Answers>,
) -> Vec<bool> {
    if !window.is_open(clock.monotonic()) {
        tracing::warn!(what, entries, "no time is left for a call to the queue");
        return vec![false; entries];
    }
    let mut done: Vec<bool> = match call::before(clock, window.give_up_at(), call).await {
        Ok(answers) => {
            if let Some(refusal) = answers.iter().find_map(|answer| answer.as_ref().err()) {
                tracing::warn!(what, code = %refusal, "entries refused");
            }
            answers.into_iter().map(|answer| answer.is_ok()).collect()
        }
        Err(refusal) => {
            tracing::warn!(what, code = %refusal, "call failed");
            Vec::new()
        }
    };
    // What nothing was said of is not done.
    done.resize(entries, false);
    done
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use order_core::Timestamp;
    use time::OffsetDateTime;

    use super::*;
    use crate::failure::Failure;
    use crate::fakes::{Fault, Outside, record};

    const WINDOW: Duration = Duration::from_secs(5);

    fn letters(count: usize, bytes: usize) -> Vec<DeadLetter> {
        let failure = Failure::permanent("code", "why");
        let letter = |number| {
            let record = Record {
                body: Some("x".repeat(bytes)),
                ..record(number, 1)
            };
            DeadLetter::new(&record, &failure, Timestamp::new(OffsetDateTime::UNIX_EPOCH)).unwrap()
        };
        (0..count).map(letter).collect()
    }

    fn buried(outside: &Outside, letters: &[DeadLetter]) -> Vec<bool> {
        let window = Window::until(WINDOW);
        bury(outside, letters, window).now_or_never().unwrap()
    }

    #[test]
    fn letters_go_as_many_a_call_as_sqs_takes_by_number_and_by_size() {
        let outside = Outside::default();
        assert_eq!(buried(&outside, &letters(12, 1)), [true; 12]);
        assert_eq!(*outside.letters_a_call.borrow(), [10, 2]);
        let outside = Outside::default();
        assert_eq!(buried(&outside, &letters(5, 400 * 1024)), [true; 5]);
        assert_eq!(*outside.letters_a_call.borrow(), [2, 2, 1]);
    }

    #[test]
    fn the_answers_stay_in_the_order_of_the_letters() {
        let outside = Outside::default();
        outside.burials.set(Fault::Entry(1));
        let mut expected = [true; 12];
        (expected[1], expected[11]) = (false, false);
        assert_eq!(buried(&outside, &letters(12, 1)), expected);
    }

    #[test]
    fn no_call_is_begun_when_the_window_is_closed() {
        let outside = Outside::default();
        outside.call_time.set(Duration::from_secs(3));
        assert_eq!(
            buried(&outside, &letters(25, 1))[19..],
            [true, false, false, false, false, false]
        );
        assert_eq!(*outside.letters_a_call.borrow(), [10, 10]);
    }

    #[test]
    fn what_has_a_receipt_handle_is_deleted_whatever_becomes_of_other_calls() {
        let mut records: Vec<Record> = (0..12).map(|number| record(number, 1)).collect();
        records[5].receipt_handle = None;
        let deleted = |fault| {
            let outside = Outside::default();
            outside.others.set(fault);
            let window = Window::until(WINDOW);
            delete(&outside, &records, window).now_or_never().unwrap();
            outside.deleted.take()
        };
        assert_eq!(deleted(Fault::None).len(), 11);
        assert_eq!(deleted(Fault::Entry(0)).len(), 9);
        assert_eq!(deleted(Fault::Panic), [] as [String; 0]);
    }
}
