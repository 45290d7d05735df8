//! How the worker calls the outside: within its time, and a few times.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use queue_consumer::call;
use queue_consumer::chance::Chance;
use queue_consumer::failure::Failure;
use queue_consumer::refusal::Refusal;

use super::Worker;
use crate::budget::Budget;
use crate::judgement::{self, code};
use crate::ports::Ports;

/// Calls in flight at once, of each kind.
pub(crate) const IN_FLIGHT: usize = 4;

/// Attempts within one invocation.
const MAX_ATTEMPTS: u32 = 3;

/// Runs the part of the work that concerns one record alone; a panic there is that record's failure.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(judgement::panicked()))
}

/// The pause before the next attempt within the invocation: full jitter, uniform in [0, 100 ms * 2^attempt].
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
fn pause(attempt: u32, chance: &Chance) -> Duration {
    let longest = 100_u64 << attempt.min(6);
    Duration::from_millis(chance.draw(|rng| rng.u64(0..=longest)))
}

impl<P: Ports> Worker<P> {
    /// Awaits a call until `moment`. What an abandoned call did is not known.
    pub(crate) async fn before<T>(
        &self,
        moment: Duration,
        call: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        call::before(&self.ports, moment, call).await
    }

    /// Calls for all items, then again for those whose failure may pass within seconds, while there is time. The
    /// results are in the order of the items.
    pub(crate) async fn repeat<'a, I, T>(
        &self,
        items: &'a [I],
        budget: &Budget,
        call: impl AsyncFn(Vec<&'a I>) -> Vec<Result<T, Failure>>,
    ) -> Vec<Result<T, Failure>> {
        let mut results: Vec<_> = items.iter().map(|_| Err(judgement::out_of_time())).collect();
        let mut open: Vec<usize> = (0..items.len()).collect();
        for attempt in 0..MAX_ATTEMPTS {
            if attempt > 0 {
                let pause = pause(attempt, &self.chance);
                if self.ports.monotonic() + pause >= budget.stop_work {
                    break;
                }
                self.ports.sleep(pause).await;
            }
            if open.is_empty() || self.ports.monotonic() >= budget.stop_work {
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
                    .is_err_and(judgement::is_worth_another_attempt)
            });
            if open.is_empty() {
                break;
            }
        }
        results
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_within_seconds() {
        let chance = Chance::seeded(7);
        for (attempt, longest) in [(0, 100), (1, 200), (2, 400), (40, 6400)] {
            let pauses: Vec<u128> = (0..200).map(|_| pause(attempt, &chance).as_millis()).collect();
            assert!(pauses.iter().all(|pause| *pause <= longest));
            assert!(pauses.iter().any(|pause| *pause > longest / 2));
        }
    }
}
