//! Batch calls to AWS: one call for a whole batch and, where one item may be at fault for its error, one call per item.
//! Items whose error may pass within seconds are called for again.

use futures_util::{StreamExt as _, stream};

use crate::backoff::Backoff;
use crate::call_error::{Answers, CallError, code};
use crate::clock::Clock;
use crate::deadline::CallDeadline;
use crate::panics::catch_async;
use crate::rng::Rng;

/// How one kind of batch call is made.
#[derive(Debug, Clone, Copy)]
pub struct BatchCalls<'a, C> {
    /// The clock that `deadline` is on.
    pub clock: &'a C,
    /// When calls may begin. Each call limits its own duration.
    pub deadline: CallDeadline,
    /// Whether an error of a whole call may be the fault of one item. If so, each item is called for alone.
    pub one_may_be_at_fault: fn(&CallError) -> bool,
}

/// How often items are called for.
#[derive(Debug, Clone, Copy)]
pub struct Attempts<'a> {
    /// The most attempts for an item, the first included.
    pub max: u32,
    /// The wait between two attempts.
    pub backoff: Backoff,
    /// Draws the wait.
    pub rng: &'a Rng,
    /// Whether another attempt within the invocation may succeed.
    pub is_worth_another: fn(&CallError) -> bool,
}

impl<C: Clock> BatchCalls<'_, C> {
    /// Calls for all batches, `in_flight` at once, each in up to `attempts`. The answers are in the order of the items.
    pub async fn repeat_all<'b, I: Clone + 'b, T>(
        &self,
        batches: impl IntoIterator<Item = &'b [I]>,
        in_flight: usize,
        attempts: &Attempts<'_>,
        call: impl AsyncFn(&[I]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let calls = batches
            .into_iter()
            .map(|batch| self.repeat(batch, attempts, &call));
        let answers: Vec<_> = stream::iter(calls).buffered(in_flight).collect().await;
        answers.into_iter().flatten().collect()
    }

    /// Calls for the items of one batch, then again for those whose error is worth another attempt, while there is time.
    /// The answers are in the order of the items. An item that no call was made for is out of time.
    pub async fn repeat<I: Clone, T>(
        &self,
        items: &[I],
        attempts: &Attempts<'_>,
        call: impl AsyncFn(&[I]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let mut answers: Vec<Result<T, CallError>> = items.iter().map(|_| Err(out_of_time())).collect();
        let mut open: Vec<usize> = (0..items.len()).collect();
        for attempt in 0..attempts.max {
            if open.is_empty() {
                break;
            }
            if attempt > 0 {
                let wait = attempts.backoff.wait(attempt, attempts.rng);
                if !self.deadline.is_open(self.clock.monotonic() + wait) {
                    break;
                }
                self.clock.sleep(wait).await;
            }
            let again: Vec<I> = open.iter().map(|index| items[*index].clone()).collect();
            for (index, answer) in open.iter().zip(self.once(&again, &call).await) {
                // The last answer that an item had says more than that no time was left for a further one.
                let is_late = answer
                    .as_ref()
                    .is_err_and(|error| error.code == code::OUT_OF_TIME);
                if attempt == 0 || !is_late {
                    answers[*index] = answer;
                }
            }
            open.retain(|index| answers[*index].as_ref().is_err_and(attempts.is_worth_another));
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
            Err(error) if items.len() > 1 && (self.one_may_be_at_fault)(&error) => {
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
    async fn call<I: Clone, T>(&self, items: &[I], call: impl AsyncFn(&[I]) -> Answers<T>) -> Answers<T> {
        if !self.deadline.is_open(self.clock.monotonic()) {
            return Err(out_of_time());
        }
        let answers = catch_async(call(items)).await;
        let mut answers = answers.unwrap_or_else(|panicked| Err(panicked.into()))?;
        answers.resize_with(items.len(), || Err(CallError::new(code::NO_ANSWER)));
        Ok(answers)
    }
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

    fn calls(clock: &VirtualClock) -> BatchCalls<'_, VirtualClock> {
        BatchCalls {
            clock,
            deadline: CallDeadline::until(TIME),
            one_may_be_at_fault: |error| matches!(&*error.code, code::PANICKED | "ValidationException"),
        }
    }

    fn attempts(rng: &Rng) -> Attempts<'_> {
        Attempts {
            max: 3,
            backoff: Backoff {
                first: Duration::from_millis(100),
                max: Duration::from_secs(1),
            },
            rng,
            is_worth_another: |error| error.code.starts_with("Throttl"),
        }
    }

    fn once<T>(
        clock: &VirtualClock,
        items: &[i32],
        call: impl AsyncFn(&[i32]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        calls(clock).once(items, call).now_or_never().unwrap()
    }

    fn repeat<T>(
        clock: &VirtualClock,
        items: &[i32],
        call: impl AsyncFn(&[i32]) -> Answers<T>,
    ) -> Vec<Result<T, CallError>> {
        let rng = Rng::seeded(1);
        let answers = calls(clock).repeat(items, &attempts(&rng), call).now_or_never();
        answers.unwrap()
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
                _ => Err(error("Invalid")),
            };
            Ok(items.iter().map(answer).collect())
        });
        assert_eq!(answers, [Ok(()), Ok(()), Err(error("Invalid"))]);
        assert_eq!(*made.borrow(), [vec![1, 2, 3], vec![2]]);
    }

    #[test]
    fn the_last_answer_stays_when_no_time_is_left_for_another() {
        let clock = VirtualClock::default();
        let answers = repeat(&clock, &[1], async |_: &[i32]| {
            clock.advance(TIME);
            Ok(vec![Err::<(), _>(error("ThrottlingError"))])
        });
        assert_eq!(answers, [Err(error("ThrottlingError"))]);
    }

    #[test]
    fn answers_stay_in_the_order_of_the_items_over_all_batches() {
        let (clock, rng) = (VirtualClock::default(), Rng::seeded(1));
        let items: Vec<i32> = (0..25).collect();
        let (calls, attempts) = (calls(&clock), attempts(&rng));
        let answers = calls.repeat_all(items.chunks(10), 4, &attempts, async |items: &[i32]| {
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
}
