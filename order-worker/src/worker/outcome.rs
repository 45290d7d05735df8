//! The outcome of a batch: which records to acknowledge and which to report.

use queue_consumer::failure::{Failure, Permanence};
use queue_consumer::record::Record;
use queue_consumer::settle::{Disposition, Failed, Settlement};

use super::Worker;
use super::record::Verdict;
use crate::budget::Budget;
use crate::ports::Ports;

/// The records of a batch by their outcome, as indices.
#[derive(Debug, Default)]
pub(crate) struct BatchOutcome {
    /// Stored and published: acknowledged.
    pub(crate) confirmed: Vec<usize>,
    /// In the dead-letter queue with a reason: acknowledged.
    pub(crate) dead_lettered: Vec<usize>,
    /// Sent again: acknowledged.
    pub(crate) sent_again: Vec<usize>,
    /// All others: reported.
    pub(crate) failed: Vec<usize>,
}

impl BatchOutcome {
    /// Adds further records.
    pub(crate) fn extend(&mut self, further: Self) {
        self.confirmed.extend(further.confirmed);
        self.dead_lettered.extend(further.dead_lettered);
        self.sent_again.extend(further.sent_again);
        self.failed.extend(further.failed);
    }
}

impl<P: Ports> Worker<P> {
    /// How records that failed are settled.
    pub(crate) fn settlement(&self, budget: &Budget) -> Settlement<'_> {
        Settlement {
            retries: &self.retries,
            deadline: budget.settling(),
            rng: &self.rng,
        }
    }

    /// Dead-letters each record that can never succeed or is too old, and sends the others that failed again.
    pub(crate) async fn settle(
        &self,
        records: &[Record],
        verdicts: Vec<Verdict>,
        budget: &Budget,
    ) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        let mut indices = Vec::new();
        let mut failed = Vec::new();
        for verdict in verdicts {
            let record = &records[verdict.index];
            match verdict.result {
                Ok(()) => outcome.confirmed.push(verdict.index),
                Err(failure) => {
                    let order_id = verdict.order_id.map(|id| id.to_string()).unwrap_or_default();
                    log(record, &order_id, &failure);
                    indices.push(verdict.index);
                    failed.push(Failed { record, failure });
                }
            }
        }
        let dispositions = self.settlement(budget).settle(&self.ports, &failed).await;
        for (index, disposition) in indices.into_iter().zip(dispositions) {
            match disposition {
                Disposition::DeadLettered => outcome.dead_lettered.push(index),
                Disposition::SentAgain => outcome.sent_again.push(index),
                Disposition::Reported => outcome.failed.push(index),
            }
        }
        outcome
    }
}

fn log(record: &Record, order_id: &str, failure: &Failure) {
    let message_id = record.message_id.as_deref().unwrap_or_default();
    let permanent = failure.permanence == Permanence::Permanent;
    let receive_count = record.receives();
    let error_code = &*failure.code;
    tracing::warn!(
        message_id,
        order_id,
        error_code,
        permanent,
        receive_count,
        "record failed: {message_id}"
    );
}
