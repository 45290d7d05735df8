//! How the worker calls AWS: in batches, within its time, and up to three times.

use std::time::Duration;

use function_runtime::backoff::Backoff;
use function_runtime::batch_calls::{Attempts, BatchCalls};
use function_runtime::call::before;
use function_runtime::{CallDeadline, CallError};

use super::Worker;
use crate::budget::Budget;
use crate::ports::Ports;

/// Calls in flight at once, of each kind.
pub(crate) const IN_FLIGHT: usize = 4;

/// Attempts within one invocation.
const MAX_ATTEMPTS: u32 = 3;

/// The waits between them.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(100),
    max: Duration::from_millis(6400),
};

impl<P: Ports> Worker<P> {
    /// Batch calls that begin while the budget allows work.
    pub(crate) fn calls(
        &self,
        budget: &Budget,
        one_may_be_at_fault: fn(&CallError) -> bool,
    ) -> BatchCalls<'_, P> {
        BatchCalls {
            clock: &self.ports,
            deadline: CallDeadline::until(budget.stop_work),
            one_may_be_at_fault,
        }
    }

    /// How often they are made.
    pub(crate) fn attempts(&self, is_worth_another: fn(&CallError) -> bool) -> Attempts<'_> {
        Attempts {
            max: MAX_ATTEMPTS,
            backoff: BACKOFF,
            rng: &self.rng,
            is_worth_another,
        }
    }

    /// Awaits a call until the budget cuts work. Whether an abandoned call had an effect is unknown.
    pub(crate) async fn limited<T>(
        &self,
        budget: &Budget,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        before(&self.ports, budget.cut_work, call).await
    }
}
