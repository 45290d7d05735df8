//! The worker: inserts and cancels the orders of a batch, and publishes their events.

mod cancel;
mod confirm;
mod publish;
mod record;
#[cfg(test)]
mod tests;

use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use function_runtime::batch_calls::BatchCalls;
use order_table::Retention;
use queue_consumer::batch::BatchError;
use queue_consumer::budget::Budget;
use queue_consumer::consumer::Consumer;
use queue_consumer::failure::Failure;
use queue_consumer::record::Record;
use queue_consumer::results::Results;
use queue_consumer::retries::Retries;

use self::record::{Cancelling, Copies, Decoded};
use crate::ports::Ports;

/// The most records that are inserted and published before the next ones begin. With a slow table the time left is then spent
/// on publishing inserted orders, and not on inserting further ones.
const MAX_RECORDS_AT_ONCE: usize = 500;

/// Calls in flight at once, of each kind.
const IN_FLIGHT: usize = 4;

/// Attempts within one invocation.
const MAX_ATTEMPTS: u32 = 3;

/// Processes batches.
#[derive(Debug)]
pub struct Worker<P> {
    ports: P,
    consumer: Consumer,
    retention: Retention,
}

impl<P: Ports> Worker<P> {
    /// A worker on `ports` that keeps orders for ever. `seed` decides all random numbers.
    pub fn new(ports: P, retries: Retries, seed: u64) -> Self {
        Self {
            ports,
            consumer: Consumer::new(retries, seed),
            retention: Retention::FOREVER,
        }
    }

    /// The same worker, which keeps orders for this time.
    #[must_use]
    pub fn keeping(self, retention: Retention) -> Self {
        Self { retention, ..self }
    }

    /// Processes one SQS event within `time_left`. The answer names the messages that return to the queue.
    ///
    /// # Errors
    /// Only if no valid answer could keep every message; see [`BatchError`].
    pub async fn handle(&self, event: &str, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let work = async |records: &[&Record], budget: &Budget, results: &mut Results| {
            let indices: Vec<usize> = (0..records.len()).collect();
            for indices in indices.chunks(MAX_RECORDS_AT_ONCE) {
                if results.is_outage() {
                    break;
                }
                let (orders, cancellations) = self.decode(records, indices, budget, results);
                // Orders first, so that a batch may hold an order and its cancellation.
                let mut unpublished = self.confirm(orders, budget, results).await;
                if !results.is_outage() {
                    unpublished.extend(self.cancel(cancellations, budget, results).await);
                }
                self.publish(unpublished, budget, results).await;
            }
        };
        self.consumer.handle(&self.ports, event, time_left, work).await
    }

    /// Decodes records and groups them by order: those that hold one, and those that ask to cancel one.
    fn decode(
        &self,
        records: &[&Record],
        indices: &[usize],
        budget: &Budget,
        results: &mut Results,
    ) -> (Vec<Copies>, Vec<Cancelling>) {
        let confirmed_at = self.ports.now();
        let mut prepared = Vec::with_capacity(indices.len());
        let mut cancellations = Vec::new();
        for &index in indices {
            let decoded = record::guarded(|| {
                if budget.work().is_open(self.ports.monotonic()) {
                    record::decode(records[index], index, confirmed_at, self.retention)
                } else {
                    Err(Failure::out_of_time())
                }
            });
            match decoded {
                Ok(Decoded::Order(record)) => prepared.push(*record),
                Ok(Decoded::Cancellation(cancelling)) => cancellations.push(cancelling),
                Err(failure) => results.set(&[index], &Err(failure)),
            }
        }
        (
            record::group(prepared),
            record::group_cancellations(cancellations),
        )
    }

    /// Batch calls that begin while the budget allows work.
    fn calls(&self, budget: &Budget) -> BatchCalls<'_, P> {
        BatchCalls {
            clock: &self.ports,
            deadline: budget.work(),
            rng: &self.consumer.rng,
        }
    }
}
