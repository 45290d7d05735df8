//! How the worker calls the outside: within its time, a few times, and never undone by a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use time::OffsetDateTime;

use super::Worker;
use crate::budget::{Budget, until};
use crate::judgement::{self, Failure, code};
use crate::ports::{Ports, Refusal};

/// Calls in flight at once, of each kind.
pub(crate) const IN_FLIGHT: usize = 4;

/// Attempts within one invocation.
const MOST_ATTEMPTS: u32 = 3;

/// Runs the part of the work that concerns one record alone; a panic there is that record's failure.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Failure::panicked()))
}

impl<P: Ports> Worker<P> {
    /// Awaits a call until `moment`. What an abandoned call did is not known.
    pub(crate) async fn before<T>(
        &self,
        moment: OffsetDateTime,
        call: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let call = pin!(AssertUnwindSafe(call).catch_unwind());
        let sleep = pin!(self.ports.sleep(until(self.ports.now(), moment)));
        match select(call, sleep).await {
            Either::Left((Ok(answer), _)) => answer,
            Either::Left((Err(_), _)) => Err(Refusal::new(code::PANICKED)),
            Either::Right(_) => Err(Refusal::new(code::TIMED_OUT)),
        }
    }

    /// Calls for all items, then again for those whose failure may pass within seconds, while there is time. The
    /// results are in the order of the items.
    pub(crate) async fn repeat<'a, I, T>(
        &self,
        items: &'a [I],
        budget: &Budget,
        call: impl AsyncFn(Vec<&'a I>) -> Vec<Result<T, Failure>>,
    ) -> Vec<Result<T, Failure>> {
        let mut results: Vec<_> = items.iter().map(|_| Err(Failure::out_of_time())).collect();
        let mut open: Vec<usize> = (0..items.len()).collect();
        for attempt in 0..MOST_ATTEMPTS {
            if attempt > 0 {
                let pause = self.jitter.pause(attempt);
                if self.ports.now() + pause >= budget.stop_work {
                    break;
                }
                self.ports.sleep(pause).await;
            }
            if open.is_empty() || self.ports.now() >= budget.stop_work {
                break;
            }
            let mut answers = call(open.iter().map(|place| &items[*place]).collect())
                .await
                .into_iter();
            for &place in &open {
                results[place] = answers
                    .next()
                    .unwrap_or_else(|| Err(judgement::call(Refusal::new(code::NO_ANSWER))));
            }
            open.retain(|place| {
                results[*place]
                    .as_ref()
                    .is_err_and(Failure::is_worth_another_attempt)
            });
            if open.is_empty() {
                break;
            }
        }
        results
    }
}
