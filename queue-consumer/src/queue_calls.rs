//! Calls for many messages of the queue, each call with as many messages as SQS accepts.

use function_runtime::batch_calls::BatchCalls;
use function_runtime::pack::pack;
use function_runtime::{CallDeadline, CallError, Clock, Rng};
use futures_util::{StreamExt as _, stream};

use crate::outgoing::Outgoing;
use crate::ports::{Queue, Queues, VisibilityChange};
use crate::quotas::{MAX_BYTES, MAX_MESSAGES};

/// Calls in flight at once.
const IN_FLIGHT: usize = 10;

/// Sends messages to a queue. Returns for each, in their order, whether it is known to be stored there.
pub async fn send<P: Queues + Clock>(
    ports: &P,
    to: Queue,
    messages: &[Outgoing],
    deadline: CallDeadline,
    rng: &Rng,
) -> Vec<bool> {
    let sizes: Vec<usize> = messages.iter().map(Outgoing::size).collect();
    let all: Vec<&Outgoing> = messages.iter().collect();
    let calls = BatchCalls {
        clock: ports,
        deadline,
        rng,
    };
    let (calls, all) = (&calls, &all);
    let send = async |batch: &[&Outgoing]| ports.send(to, batch).await;
    let batches = pack(&sizes, MAX_MESSAGES, MAX_BYTES)
        .into_iter()
        .map(|batch| calls.once(&all[batch], &send));
    let answers: Vec<_> = stream::iter(batches).buffered(IN_FLIGHT).collect().await;
    let answers = answers.concat();
    let errors: Vec<&CallError> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .collect();
    if let Some(first) = errors.first() {
        tracing::warn!(failed = errors.len(), error_code = %first, "messages could not be sent to {to:?}");
    }
    answers.iter().map(Result::is_ok).collect()
}

/// Sets visibility timeouts. A message for which the call fails keeps the queue's own visibility timeout.
pub async fn change_visibility<P: Queues + Clock>(
    ports: &P,
    of: Queue,
    changes: &[VisibilityChange],
    deadline: CallDeadline,
    rng: &Rng,
) {
    let calls = BatchCalls {
        clock: ports,
        deadline,
        rng,
    };
    stream::iter(changes.chunks(MAX_MESSAGES))
        .for_each_concurrent(IN_FLIGHT, async |batch| {
            let change = async |batch: &[VisibilityChange]| ports.change_visibility(of, batch).await;
            if let Err(error) = calls.call(batch, change).await {
                tracing::warn!(error_code = %error, "visibility timeouts could not be changed");
            }
        })
        .await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use time::OffsetDateTime;
    use timestamp::Timestamp;

    use super::*;
    use crate::failure::Failure;
    use crate::fakes::{Fault, Outside, record};
    use crate::record::Record;

    /// Time for the calls of a test.
    const TIME: Duration = Duration::from_secs(5);

    fn dead_letters(count: usize, bytes: usize) -> Vec<Outgoing> {
        let failure = Failure::new("code", "why");
        let dead_letter = |number| {
            let record = Record {
                body: Some("x".repeat(bytes)),
                ..record(number, 1)
            };
            Outgoing::dead_letter(&record, &failure, Timestamp::new(OffsetDateTime::UNIX_EPOCH)).unwrap()
        };
        (0..count).map(dead_letter).collect()
    }

    fn stored(outside: &Outside, dead_letters: &[Outgoing]) -> Vec<bool> {
        let deadline = CallDeadline::until(TIME);
        send(
            outside,
            Queue::DeadLetter,
            dead_letters,
            deadline,
            &Rng::seeded(1),
        )
        .now_or_never()
        .unwrap()
    }

    #[test]
    fn a_call_has_as_many_dead_letters_as_sqs_accepts_by_number_and_by_size() {
        let outside = Outside::default();
        assert_eq!(stored(&outside, &dead_letters(12, 1)), [true; 12]);
        assert_eq!(*outside.messages_per_call.borrow(), [10, 2]);
        let outside = Outside::default();
        assert_eq!(stored(&outside, &dead_letters(5, 400 * 1024)), [true; 5]);
        assert_eq!(*outside.messages_per_call.borrow(), [2, 2, 1]);
    }

    #[test]
    fn the_answers_stay_in_the_order_of_the_dead_letters() {
        let outside = Outside::default();
        outside.send_fault.set(Fault::Message(1));
        let mut expected = [true; 12];
        (expected[1], expected[11]) = (false, false);
        assert_eq!(stored(&outside, &dead_letters(12, 1)), expected);
    }

    #[test]
    fn a_dead_letter_on_which_the_call_panics_fails_alone() {
        let outside = Outside::default();
        *outside.send_panics_on.borrow_mut() = Some("m1".to_owned());
        let mut expected = [true; 12];
        expected[1] = false;
        assert_eq!(stored(&outside, &dead_letters(12, 1)), expected);
        // An error that no single message is at fault for takes no further calls.
        let outside = Outside::default();
        outside.send_fault.set(Fault::Refused);
        assert_eq!(stored(&outside, &dead_letters(12, 1)), [false; 12]);
        assert_eq!(*outside.messages_per_call.borrow(), [10, 2]);
    }

    #[test]
    fn no_call_begins_after_the_deadline() {
        let outside = Outside::default();
        outside.call_time.set(Duration::from_secs(3));
        assert_eq!(
            stored(&outside, &dead_letters(25, 1))[19..],
            [true, false, false, false, false, false]
        );
        assert_eq!(*outside.messages_per_call.borrow(), [10, 10]);
    }
}
