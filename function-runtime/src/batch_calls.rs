//! Batch calls to AWS: one call for a whole batch and, where one item may be at fault for its error, one call per item.
//! Items whose error may pass within seconds are called for again.
//!
//! When every item of the first batch fails for the same passing reason, the service is away. Then the calls for the first
//! batch are the only ones: they are repeated at growing pauses until one succeeds, and the other batches begin after that.
//! When no time is left, the other batches fail for the same reason without a call.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};

use crate::backoff::Backoff;
use crate::call::before;
use crate::call_error::{Answers, CallError, code};
use crate::clock::Clock;
use crate::deadline::CallDeadline;
use crate::panics::catch_async;
use crate::rng::Rng;

/// The waits between attempts.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(50),
    max: Duration::from_millis(6400),
};

/// How batch calls are made.
#[derive(Debug, Clone, Copy)]
pub struct BatchCalls<'a, C> {
    /// The clock that `deadline` is on.
    pub clock: &'a C,
    /// When calls may begin, and when they are abandoned. Whether an abandoned call had an effect is unknown.
    pub deadline: CallDeadline,
    /// Draws the waits between attempts.
    pub rng: &'a Rng,
}

impl<C: Clock> BatchCalls<'_, C> {
    /// Calls for the first batch, then for all others, `in_flight` at once, each in up to `max_attempts`. The answers are in
    /// the order of the items.
    pub async fn repeat_all<'b, I: Clone + 'b, T>(
        &self,
        batches: impl IntoIterator<Item = &'b [I]>,
        in_flight: usize,
        max_attempts: u32,
        call: impl AsyncFn(&[I]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let mut batches = batches.into_iter();
        let Some(first) = batches.next() else {
            return Vec::new();
        };
        let mut answers = self.repeat(first, max_attempts, &call).await;
        let outage = &RefCell::new(outage(&answers));
        let call = &call;
        let rest = batches.map(async |batch| {
            let known = outage.borrow().clone();
            if let Some(error) = known {
                return batch.iter().map(|_| Err(error.clone())).collect();
            }
            let answers = self.attempt(batch, max_attempts, false, call).await;
            if let Some(error) = self::outage(&answers) {
                outage.replace(Some(error));
            }
            answers
        });
        let rest: Vec<Vec<_>> = stream::iter(rest).buffered(in_flight).collect().await;
        answers.extend(rest.into_iter().flatten());
        answers
    }

    /// Calls for the items of one batch, then again for those whose error may pass: in up to `max_attempts`, and as long as
    /// there is time if all fail for the same reason. The answers are in the order of the items. An item that no call was made
    /// for is out of time.
    pub async fn repeat<I: Clone, T>(
        &self,
        items: &[I],
        max_attempts: u32,
        call: impl AsyncFn(&[I]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        self.attempt(items, max_attempts, true, &call).await
    }

    async fn attempt<I: Clone, T>(
        &self,
        items: &[I],
        max_attempts: u32,
        waits_for_return: bool,
        call: &impl AsyncFn(&[I]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let mut answers: Vec<Result<T, CallError>> = items.iter().map(|_| Err(out_of_time())).collect();
        let mut open: Vec<usize> = (0..items.len()).collect();
        for attempt in 0.. {
            let is_last = attempt >= max_attempts && !(waits_for_return && outage(&answers).is_some());
            if open.is_empty() || is_last {
                break;
            }
            if attempt == max_attempts {
                // The metric filters of template.yaml count this field.
                tracing::error!(
                    held = items.len(),
                    "a service is away: the batch waits for its return"
                );
            }
            if attempt > 0 {
                let wait = BACKOFF.wait(attempt, self.rng);
                if !self.deadline.is_open(self.clock.monotonic() + wait) {
                    break;
                }
                self.clock.sleep(wait).await;
            }
            let again: Vec<I> = open.iter().map(|index| items[*index].clone()).collect();
            for (index, answer) in open.iter().zip(self.once(&again, call).await) {
                // The last answer that an item had says more than that no time was left for a further one.
                let is_late = answer
                    .as_ref()
                    .is_err_and(|error| error.code == code::OUT_OF_TIME);
                if attempt == 0 || !is_late {
                    answers[*index] = answer;
                }
            }
            open.retain(|index| answers[*index].as_ref().is_err_and(CallError::may_pass));
        }
        if outage(&answers).is_some() {
            for error in answers.iter_mut().filter_map(|answer| answer.as_mut().err()) {
                error.is_outage = true;
            }
        }
        answers
    }

    /// Calls for the items of one batch. Where one item may be at fault for an error of the whole call, calls for each
    /// item alone. The answers are in the order of the items.
    pub async fn once<I: Clone, T>(
        &self,
        items: &[I],
        call: impl AsyncFn(&[I]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        match self.call(items, &call).await {
            Ok(answers) => answers,
            Err(error) if items.len() > 1 && error.may_be_of_one_item() => {
                let mut answers = Vec::with_capacity(items.len());
                for item in items {
                    let answer = self.call(std::slice::from_ref(item), &call).await;
                    answers.push(answer.and_then(|answers| first(answers)));
                }
                answers
            }
            Err(error) => items.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// Makes one call, if there is time. A panic in it is its error, and an item without an answer has failed.
    pub async fn call<I: Clone, T>(&self, items: &[I], call: impl AsyncFn(&[I]) -> Answers<T>) -> Answers<T> {
        if !self.deadline.is_open(self.clock.monotonic()) {
            return Err(out_of_time());
        }
        // Boxed: the SDK's futures nest deeper than the compiler follows in one piece.
        let call = async |items| Box::pin(call(items)).await;
        let answers = catch_async(before(self.clock, self.deadline.give_up_at(), call(items))).await;
        let mut answers = answers.unwrap_or_else(|panicked| Err(panicked.into()))?;
        answers.resize_with(items.len(), || Err(CallError::new(code::NO_ANSWER)));
        Ok(answers)
    }
}

/// The error of all items alike, if it shows that the service is away. A missing permission does not: only an operator can repair
/// it, so no batch waits for it.
fn outage<T>(answers: &[Result<T, CallError>]) -> Option<CallError> {
    let error = answers.first()?.as_ref().err()?;
    let is_same =
        |answer: &Result<T, CallError>| answer.as_ref().is_err_and(|other| other.code == error.code);
    let may_return = error.may_pass() && !error.may_be_of_one_item() && !error.is_denied();
    let is_away = may_return && answers.iter().all(is_same);
    is_away.then(|| CallError {
        is_outage: true,
        ..error.clone()
    })
}

fn first<T>(answers: Vec<Result<T, CallError>>) -> Result<T, CallError> {
    let mut answers = answers.into_iter();
    answers
        .next()
        .unwrap_or_else(|| Err(CallError::new(code::NO_ANSWER)))
}

fn out_of_time() -> CallError {
    CallError::new(code::OUT_OF_TIME)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::time::Duration;

    use futures_util::FutureExt as _;

    use super::*;
    use crate::virtual_clock::VirtualClock;

    /// Time for the calls of a test.
    const TIME: Duration = Duration::from_secs(5);

    fn calls<'a>(clock: &'a VirtualClock, rng: &'a Rng) -> BatchCalls<'a, VirtualClock> {
        BatchCalls {
            clock,
            deadline: CallDeadline::until(TIME),
            rng,
        }
    }

    fn once<T>(
        clock: &VirtualClock,
        items: &[i32],
        call: impl AsyncFn(&[i32]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let rng = Rng::seeded(1);
        calls(clock, &rng).once(items, call).now_or_never().unwrap()
    }

    fn repeat<T>(
        clock: &VirtualClock,
        items: &[i32],
        call: impl AsyncFn(&[i32]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let rng = Rng::seeded(1);
        calls(clock, &rng).repeat(items, 3, call).now_or_never().unwrap()
    }

    fn error(code: &'static str) -> CallError {
        CallError::new(code)
    }

    #[test]
    fn one_call_serves_all_items() {
        let clock = VirtualClock::default();
        let made = RefCell::new(Vec::new());
        let answers = once(&clock, &[1, 2, 3], async |items: &[i32]| {
            made.borrow_mut().push(items.to_vec());
            Ok(items.iter().map(|item| Ok(item * 10)).collect())
        });
        assert_eq!(answers, [Ok(10), Ok(20), Ok(30)]);
        assert_eq!(*made.borrow(), [[1, 2, 3]]);
    }

    #[test]
    fn an_item_at_fault_fails_alone() {
        for fault in [code::PANICKED, "ValidationException"] {
            let clock = VirtualClock::default();
            let answers = once(&clock, &[1, 2, 3], async |items: &[i32]| {
                if items.contains(&2) {
                    assert_ne!(fault, code::PANICKED, "as the test asks");
                    return Err(error(fault));
                }
                Ok(vec![Ok(()); items.len()])
            });
            assert_eq!(answers, [Ok(()), Err(error(fault)), Ok(())]);
        }
    }

    #[test]
    fn an_error_that_no_item_is_at_fault_for_takes_one_call() {
        let clock = VirtualClock::default();
        let made = RefCell::new(0);
        let answers = once(&clock, &[1, 2], async |_: &[i32]| {
            *made.borrow_mut() += 1;
            Err::<Vec<Result<(), _>>, _>(error("AccessDenied"))
        });
        assert_eq!(answers, vec![Err(error("AccessDenied")); 2]);
        assert_eq!(*made.borrow(), 1);
    }

    #[test]
    fn no_call_begins_after_the_deadline() {
        let clock = VirtualClock::default();
        let answers = once(&clock, &[1, 2, 3], async |items: &[i32]| {
            clock.advance(Duration::from_secs(2));
            if items.len() > 1 {
                return Err(error("ValidationException"));
            }
            Ok(vec![Ok(())])
        });
        // The whole batch took 2 of 5 seconds, and two of its items 2 seconds each.
        assert_eq!(answers, [Ok(()), Ok(()), Err(error(code::OUT_OF_TIME))]);
    }

    #[test]
    fn only_what_may_pass_is_called_for_again() {
        let clock = VirtualClock::default();
        let made = RefCell::new(Vec::new());
        let answers = repeat(&clock, &[1, 2, 3], async |items: &[i32]| {
            made.borrow_mut().push(items.to_vec());
            let answer = |item: &i32| match item {
                1 => Ok(()),
                2 if made.borrow().len() == 2 => Ok(()),
                2 => Err(error("ThrottlingError")),
                _ => Err(error("ValidationError")),
            };
            Ok(items.iter().map(answer).collect())
        });
        assert_eq!(answers, [Ok(()), Ok(()), Err(error("ValidationError"))]);
        assert_eq!(*made.borrow(), [vec![1, 2, 3], vec![2]]);
    }

    #[test]
    fn the_last_answer_stays_when_no_time_is_left_for_another() {
        let clock = VirtualClock::default();
        let answers = repeat(&clock, &[1], async |_: &[i32]| {
            clock.advance(TIME);
            Ok(vec![Err::<(), _>(error("ThrottlingError"))])
        });
        let [Err(error)] = &answers[..] else {
            panic!("{answers:?}")
        };
        assert_eq!((&*error.code, error.is_outage), ("ThrottlingError", true));
    }

    #[test]
    fn answers_stay_in_the_order_of_the_items_over_all_batches() {
        let (clock, rng) = (VirtualClock::default(), Rng::seeded(1));
        let items: Vec<i32> = (0..25).collect();
        let calls = calls(&clock, &rng);
        let answers = calls.repeat_all(items.chunks(10), 4, 3, async |items: &[i32]| {
            Ok(items.iter().map(|item| Ok(*item)).collect())
        });
        let answers = answers.now_or_never().unwrap();
        let answers: Vec<i32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, items);
    }

    #[test]
    fn an_item_without_an_answer_has_failed() {
        let clock = VirtualClock::default();
        let answers = once(&clock, &[1, 2], async |_: &[i32]| Ok(vec![Ok(())]));
        assert_eq!(answers, [Ok(()), Err(error(code::NO_ANSWER))]);
    }

    /// The items and the time of each call.
    type Made = Vec<(Vec<i32>, Duration)>;

    /// Calls for four batches of two items with `call`, which gets the number of the call. Returns the answers, the items and
    /// the time of each call.
    fn repeat_all(call: impl Fn(usize, &[i32]) -> Answers<()>) -> (Vec<Result<(), CallError>>, Made) {
        let (clock, rng) = (VirtualClock::default(), Rng::seeded(1));
        let made = RefCell::new(Vec::new());
        let items: Vec<i32> = (0..8).collect();
        let calls = calls(&clock, &rng);
        let answers = calls.repeat_all(items.chunks(2), 4, 3, async |items: &[i32]| {
            made.borrow_mut().push((items.to_vec(), clock.monotonic()));
            call(made.borrow().len(), items)
        });
        let answers = answers.now_or_never().unwrap();
        (answers, made.into_inner())
    }

    #[test]
    fn a_service_that_is_away_gets_one_call_at_growing_pauses() {
        let (answers, made) = repeat_all(|_, _| Err(error("ThrottlingException")));
        assert_eq!(answers.len(), 8);
        for answer in answers {
            let error = answer.unwrap_err();
            assert_eq!((&*error.code, error.is_outage), ("ThrottlingException", true));
        }
        assert!(made.iter().all(|(items, _)| *items == [0, 1]), "{made:?}");
        // Within 5 s: after pauses of at most 0.1, 0.2, 0.4, 0.8, 1.6 and 3.2 s.
        assert!((6..=7).contains(&made.len()), "{made:?}");
        let pauses: Vec<Duration> = made
            .windows(2)
            .map(|pair| pair[1].1.saturating_sub(pair[0].1))
            .collect();
        for (number, pause) in (1..).zip(&pauses) {
            let longest = Duration::from_millis(50) * (1 << number);
            assert!((longest / 2..=longest).contains(pause), "{pauses:?}");
        }
    }

    #[test]
    fn when_a_service_returns_every_batch_is_called_for_at_once() {
        let (answers, made) = repeat_all(|number, items| {
            if number <= 4 {
                return Err(error("InternalServerError"));
            }
            Ok(vec![Ok(()); items.len()])
        });
        assert_eq!(answers, vec![Ok(()); 8]);
        let first = made[4].1;
        let rest: Vec<_> = made[5..].iter().map(|(items, at)| (items[0], *at)).collect();
        assert_eq!(rest, [(2, first), (4, first), (6, first)]);
    }

    #[test]
    fn a_service_that_goes_away_gets_no_call_for_the_batches_after_that() {
        let (answers, made) = repeat_all(|_, items| {
            if items[0] >= 2 {
                return Err(error("InternalServerError"));
            }
            Ok(vec![Ok(()); items.len()])
        });
        let is_outage = |answer: &Result<(), CallError>| answer.as_ref().is_err_and(|error| error.is_outage);
        assert_eq!(answers[..2], [Ok(()), Ok(())]);
        assert!(answers[2..].iter().all(is_outage));
        assert!(made.len() <= 1 + 3 * 3, "{made:?}");
    }

    #[test]
    fn items_that_fail_for_reasons_of_their_own_show_no_outage() {
        for codes in [
            ["ThrottlingError", "InternalServerError"],
            ["DuplicateItem"; 2],
            ["AccessDenied"; 2],
            [code::PANICKED; 2],
        ] {
            let (answers, _) = repeat_all(|_, items| {
                Ok(items
                    .iter()
                    .map(|item| Err(error(codes[usize::from(item % 2 == 1)])))
                    .collect())
            });
            let is_outage =
                |answer: &Result<(), CallError>| answer.as_ref().is_err_and(|error| error.is_outage);
            assert!(!answers.iter().any(is_outage), "{codes:?}");
        }
    }
}
