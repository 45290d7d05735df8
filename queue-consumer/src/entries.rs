//! Work on many messages of the queue, as many a call as SQS takes.

use futures_util::{StreamExt as _, stream};

use crate::call;
use crate::dead_letter::DeadLetter;
use crate::pack::pack;
use crate::ports::{Clock, Queues, VisibilityChange};
use crate::quotas::{MAX_BYTES, MAX_ENTRIES};
use crate::record::Record;
use crate::refusal::{Answers, Refusal, code};
use crate::window::Window;

/// Calls in flight at once.
const IN_FLIGHT: usize = 10;

/// Sends letters to the dead-letter queue, and says of each whether it arrived.
pub async fn bury<P: Queues + Clock>(ports: &P, letters: &[DeadLetter], window: Window) -> Vec<bool> {
    let sizes: Vec<usize> = letters.iter().map(DeadLetter::size).collect();
    let batches = pack(&sizes, MAX_ENTRIES, MAX_BYTES)
        .into_iter()
        .map(async |batch| bury_batch(ports, &letters[batch], window).await);
    stream::iter(batches)
        .buffered(IN_FLIGHT)
        .collect::<Vec<_>>()
        .await
        .concat()
}

/// Sends letters in one call, and each by itself where one of them may be why that was refused.
async fn bury_batch<P: Queues + Clock>(ports: &P, letters: &[DeadLetter], window: Window) -> Vec<bool> {
    let send = async |letters: &[&DeadLetter]| {
        done(ports, window, "dead letters", letters.len(), ports.bury(letters)).await
    };
    let together: Vec<&DeadLetter> = letters.iter().collect();
    match send(&together).await {
        Ok(buried) => buried,
        Err(refusal) if letters.len() > 1 && one_may_be_at_fault(&refusal) => {
            let mut buried = Vec::with_capacity(letters.len());
            for letter in letters {
                buried.push(matches!(send(&[letter]).await.as_deref(), Ok([true])));
            }
            buried
        }
        Err(_) => vec![false; letters.len()],
    }
}

/// Whether a call may have been refused as a whole for one of its entries. Source: the errors of `SendMessageBatch`.
fn one_may_be_at_fault(refusal: &Refusal) -> bool {
    matches!(
        &*refusal.code,
        code::PANICKED
            | code::UNSENDABLE_REQUEST
            | "BatchRequestTooLong"
            | "InvalidMessageContents"
            | "InvalidParameterValue"
    )
}

/// Sets when messages are shown again. One that cannot be set waits for the queue's own timeout.
pub async fn change_visibility<P: Queues + Clock>(ports: &P, changes: &[VisibilityChange], window: Window) {
    stream::iter(changes.chunks(MAX_ENTRIES))
        .for_each_concurrent(IN_FLIGHT, async |batch| {
            let change = ports.change_visibility(batch);
            // A refusal is logged.
            let _ = done(ports, window, "visibility changes", batch.len(), change).await;
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
    stream::iter(receipt_handles.chunks(MAX_ENTRIES))
        .for_each_concurrent(IN_FLIGHT, async |batch| {
            // A refusal is logged.
            let _ = done(ports, window, "deletions", batch.len(), ports.delete(batch)).await;
        })
        .await;
}

/// Makes one call, if there is time, and says of each of its entries whether it was done, or why the whole was refused.
async fn done(
    clock: &impl Clock,
    window: Window,
    what: &'static str,
    entries: usize,
    call: impl Future<Output = Answers>,
) -> Result<Vec<bool>, Refusal> {
    if !window.is_open(clock.monotonic()) {
        tracing::warn!(what, entries, "no time is left for a call to the queue");
        return Ok(vec![false; entries]);
    }
    let answers = call::before(clock, window.give_up_at(), call)
        .await
        .inspect_err(|refusal| tracing::warn!(what, code = %refusal, "call failed"))?;
    if let Some(refusal) = answers.iter().find_map(|answer| answer.as_ref().err()) {
        tracing::warn!(what, code = %refusal, "entries refused");
    }
    let mut done: Vec<bool> = answers.into_iter().map(|answer| answer.is_ok()).collect();
    // What nothing was said of is not done.
    done.resize(entries, false);
    Ok(done)
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
    fn a_letter_on_which_the_call_panics_keeps_no_other_from_being_buried() {
        let outside = Outside::default();
        *outside.burial_panics_on.borrow_mut() = Some("m1".to_owned());
        let mut expected = [true; 12];
        expected[1] = false;
        assert_eq!(buried(&outside, &letters(12, 1)), expected);
        // What a refusal says of the queue itself is no reason to ask ten times more.
        let outside = Outside::default();
        outside.burials.set(Fault::Refused);
        assert_eq!(buried(&outside, &letters(12, 1)), [false; 12]);
        assert_eq!(*outside.letters_a_call.borrow(), [10, 2]);
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
