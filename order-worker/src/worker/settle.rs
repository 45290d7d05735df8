//! What becomes of records that failed: the dead-letter queue, or another try at its time.

use futures_util::{StreamExt as _, stream};
use order_core::Timestamp;

use super::call::{IN_FLIGHT, guarded};
use super::{Verdict, Worker};
use crate::budget::Budget;
use crate::dead_letter::DeadLetter;
use crate::judgement::{Failure, Permanence};
use crate::pack::pack;
use crate::ports::{Answers, Ports, Queues, VisibilityChange};
use crate::record::Record;

/// What is to be acknowledged and what is to be reported, by place in the batch.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Stored and published: acknowledged.
    pub(crate) confirmed: Vec<usize>,
    /// In the dead-letter queue with a reason: acknowledged.
    pub(crate) buried: Vec<usize>,
    /// Everything else: reported.
    pub(crate) failed: Vec<usize>,
}

impl<P: Ports> Worker<P> {
    /// Buries what can never succeed or has had its last receive; schedules the rest.
    pub(crate) async fn settle(&self, records: &[Record], verdicts: &[Verdict], budget: &Budget) -> Settled {
        let mut settled = Settled::default();
        let mut letters = Vec::new();
        let failed_at = Timestamp::new(self.ports.now());
        for verdict in verdicts {
            let Err(failure) = &verdict.result else {
                settled.confirmed.push(verdict.index);
                continue;
            };
            let record = &records[verdict.index];
            log(record, verdict, failure);
            // An absent letter: redrive carries the message there.
            let letter = if self.is_final(record, failure) {
                guarded(|| Ok(DeadLetter::new(record, failure, failed_at))).unwrap_or_default()
            } else {
                None
            };
            match letter {
                Some(letter) => letters.push((verdict.index, letter)),
                None => settled.failed.push(verdict.index),
            }
        }
        for (index, is_buried) in self.bury(letters, budget).await {
            if is_buried {
                settled.buried.push(index);
            } else {
                settled.failed.push(index);
            }
        }
        self.schedule(records, &settled.failed, budget).await;
        settled
    }

    fn is_final(&self, record: &Record, failure: &Failure) -> bool {
        failure.permanence == Permanence::Permanent || record.receive_count >= self.max_receive_count
    }

    /// Sends letters to the dead-letter queue, and says of each whether it arrived.
    async fn bury(&self, letters: Vec<(usize, DeadLetter)>, budget: &Budget) -> Vec<(usize, bool)> {
        let sizes: Vec<usize> = letters.iter().map(|(_, letter)| letter.size()).collect();
        let letters = &letters;
        let batches = pack(&sizes, <P as Queues>::MOST_ENTRIES, <P as Queues>::MOST_BYTES)
            .into_iter()
            .map(async |batch| {
                let batch = &letters[batch];
                let bodies: Vec<&DeadLetter> = batch.iter().map(|(_, letter)| letter).collect();
                let answers = self
                    .settling(self.ports.bury(&bodies), budget, "dead letters")
                    .await;
                let mut answers = answers.into_iter();
                batch
                    .iter()
                    .map(|(index, _)| (*index, answers.next().unwrap_or(false)))
                    .collect::<Vec<_>>()
            });
        stream::iter(batches)
            .buffered(IN_FLIGHT)
            .collect::<Vec<_>>()
            .await
            .concat()
    }

    /// Sets when failed messages are shown again. One that cannot be set waits for the queue's own timeout.
    async fn schedule(&self, records: &[Record], failed: &[usize], budget: &Budget) {
        let changes: Vec<VisibilityChange> = failed
            .iter()
            .filter_map(|index| {
                let record = &records[*index];
                let seconds = self.jitter.visibility_seconds(record.receive_count);
                Some(VisibilityChange {
                    receipt_handle: record.receipt_handle.clone()?,
                    seconds,
                })
            })
            .collect();
        self.change_visibility(&changes, budget).await;
    }

    pub(super) async fn change_visibility(&self, changes: &[VisibilityChange], budget: &Budget) {
        let batches = changes.chunks(<P as Queues>::MOST_ENTRIES).map(async |batch| {
            self.settling(self.ports.change_visibility(batch), budget, "visibility changes")
                .await;
        });
        stream::iter(batches)
            .buffered(IN_FLIGHT)
            .collect::<Vec<()>>()
            .await;
    }

    /// Deletes finished messages now rather than by the answer. One that cannot be deleted is left to the answer.
    pub(crate) async fn delete(&self, records: &[Record], finished: &[usize], budget: &Budget) {
        let receipts: Vec<&str> = finished
            .iter()
            .filter_map(|index| records[*index].receipt_handle.as_deref())
            .collect();
        let batches = receipts.chunks(<P as Queues>::MOST_ENTRIES).map(async |batch| {
            self.settling(self.ports.delete(batch), budget, "deletions").await;
        });
        stream::iter(batches)
            .buffered(IN_FLIGHT)
            .collect::<Vec<()>>()
            .await;
    }

    /// Makes one call of settling, if there is time, and says of each entry whether it was done.
    async fn settling(
        &self,
        call: impl Future<Output = Answers>,
        budget: &Budget,
        what: &'static str,
    ) -> Vec<bool> {
        if self.ports.now() >= budget.cut_settling {
            return Vec::new();
        }
        match self.before(budget.cut_settling, call).await {
            Ok(answers) => {
                if let Some(refusal) = answers.iter().find_map(|answer| answer.as_ref().err()) {
                    tracing::warn!(what, code = %refusal, "entries refused");
                }
                answers.into_iter().map(|answer| answer.is_ok()).collect()
            }
            Err(refusal) => {
                tracing::warn!(what, code = %refusal, "call failed");
                Vec::new()
            }
        }
    }
}

fn log(record: &Record, verdict: &Verdict, failure: &Failure) {
    let message_id = record.message_id.as_deref().unwrap_or_default();
    let order_id = verdict.order_id.map(|id| id.to_string()).unwrap_or_default();
    let permanent = failure.permanence == Permanence::Permanent;
    let receive_count = record.receive_count;
    let code = &*failure.code;
    tracing::warn!(
        message_id,
        order_id,
        code,
        permanent,
        receive_count,
        "record failed: {message_id}"
    );
}
