//! One invocation: from a batch to the ids of the messages that failed.

use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use queue_consumer::batch::{self, BatchError};
use queue_consumer::record::Record;
use serde_json::Value;

use super::Worker;
use super::outcome::BatchOutcome;
use super::record::{self, Copies, Verdict};
use crate::budget::Budget;
use crate::classification;
use crate::ports::Ports;

/// The most records that are inserted and published before the next ones begin. With a slow table the time left is then spent
/// on publishing inserted orders, and not on inserting further ones.
const MAX_RECORDS_AT_ONCE: usize = 500;

impl<P: Ports> Worker<P> {
    /// Processes one SQS event within `time_left`. The answer names the messages that return to the queue.
    ///
    /// # Errors
    /// Only if no valid answer could keep every message; see [`BatchError`].
    pub async fn handle(&self, event: Value, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let budget = Budget::new(&self.ports, time_left);
        let records = batch::read(event)?;
        let isolated = self.settlement(&budget).isolate(&self.ports, &records).await;
        let mut total = BatchOutcome {
            failed: isolated.reported,
            ..BatchOutcome::default()
        };
        for indices in isolated.work.chunks(MAX_RECORDS_AT_ONCE) {
            total.extend(self.run(&records, indices, &budget).await);
        }
        tracing::info!(
            records = records.len(),
            confirmed = total.confirmed.len(),
            dead_lettered = total.dead_lettered.len(),
            sent_again = total.sent_again.len(),
            failed = total.failed.len(),
            "batch processed"
        );
        batch::respond(total.failed.iter().map(|index| &records[*index]))
    }

    /// Processes and settles some of the records.
    async fn run(&self, records: &[Record], indices: &[usize], budget: &Budget) -> BatchOutcome {
        let mut verdicts = Vec::with_capacity(indices.len());
        let orders = self.decode(records, indices, budget, &mut verdicts);
        let confirmed = self.confirm(orders, budget, &mut verdicts).await;
        self.publish(confirmed, budget, &mut verdicts).await;
        let forgotten = record::forgotten(indices, &verdicts);
        verdicts.extend(forgotten);
        self.settle(records, verdicts, budget).await
    }

    /// Decodes records and groups them by order.
    fn decode(
        &self,
        records: &[Record],
        indices: &[usize],
        budget: &Budget,
        verdicts: &mut Vec<Verdict>,
    ) -> Vec<Copies> {
        let confirmed_at = self.ports.now();
        let mut prepared = Vec::with_capacity(indices.len());
        for &index in indices {
            let decoded = record::guarded(|| {
                if self.ports.monotonic() >= budget.stop_work {
                    return Err(classification::out_of_time());
                }
                record::prepare(&records[index], index, confirmed_at)
            });
            match decoded {
                Ok(record) => prepared.push(record),
                Err(failure) => verdicts.push(Verdict {
                    index,
                    order_id: None,
                    result: Err(failure),
                }),
            }
        }
        record::group(prepared)
    }
}
