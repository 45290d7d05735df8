//! One invocation: from a batch to the ids of the messages that failed.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use function_runtime::{CallDeadline, Deadline};
use queue_consumer::batch::{self, BatchError};
use queue_consumer::ports::Queue;
use queue_consumer::record::Record;
use queue_consumer::settle::{Disposition, Failed, Settlement};
use serde_json::Value;

use super::Notifier;
use super::outcomes::Outcomes;
use super::summary::Summary;
use super::times::{TIME_TO_ANSWER, TIME_TO_CALL};
use crate::email::digest;
use crate::orders::{self, Candidate};
use crate::outcome::{ErrorCode, Outcome};
use crate::pacer::Pacer;
use crate::ports::Ports;

/// The state of an invocation over all its emails.
struct Invocation {
    deadline: Deadline,
    pacer: Pacer,
    summary: Summary,
}

impl<P: Ports> Notifier<P> {
    /// Handles one SQS event within `time_left`. The answer names the messages that return to the queue.
    ///
    /// # Errors
    /// Only if no valid answer could keep every message; see [`BatchError`].
    pub async fn handle(&self, event: Value, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let deadline = Deadline::after(&self.ports, time_left);
        let records = batch::read(event)?;
        let settings = &self.settings;
        let source = records.first().map(|record| settings.retries.source(record));
        let interval = match source {
            Some(Queue::Retry) => settings.retry_email_interval,
            _ => settings.email_interval,
        };
        let mut invocation = Invocation {
            deadline,
            pacer: Pacer::start(interval, &self.ports),
            summary: Summary::default(),
        };
        let settlement = Settlement {
            retries: &settings.retries,
            deadline: CallDeadline::until(deadline.less(TIME_TO_ANSWER)).leaving(TIME_TO_CALL),
            rng: &self.rng,
        };
        let isolated = settlement.isolate(&self.ports, &records).await;
        let work: Vec<&Record> = isolated.work.iter().map(|index| &records[*index]).collect();
        let mut outcomes = Outcomes::new(work.len());
        self.notify(&work, &mut invocation, &mut outcomes).await;
        let outcomes = outcomes.finish();
        invocation.summary.count(&work, &outcomes);
        let failed: Vec<Failed<'_>> = work
            .into_iter()
            .zip(outcomes)
            .filter_map(|(record, outcome)| {
                let failure = outcome.failure()?;
                Some(Failed { record, failure })
            })
            .collect();
        let dispositions = settlement.settle(&self.ports, &failed).await;
        let unfinished = failed
            .iter()
            .zip(dispositions)
            .filter(|(_, disposition)| *disposition == Disposition::Reported)
            .map(|(failed, _)| failed.record);
        invocation.summary.log();
        batch::respond(unfinished.chain(isolated.reported.iter().map(|index| &records[*index])))
    }

    /// Notifies about the records' orders, except those that are marked.
    async fn notify(&self, records: &[&Record], invocation: &mut Invocation, outcomes: &mut Outcomes) {
        let (candidates, unreadable) = orders::gather(records);
        for (index, outcome) in unreadable {
            outcomes.set(index, outcome);
        }
        let candidates = self.unmarked(candidates, invocation.deadline, outcomes).await;
        invocation.summary.new_orders += candidates.len();
        if candidates.is_empty() {
            return;
        }
        match self.check_subscriber(invocation.deadline).await {
            Ok(()) => self.send(&candidates, invocation, outcomes).await,
            Err(outcome) => outcomes.set_orders(&candidates, &outcome),
        }
    }

    /// Sends the candidates' emails, and marks the orders of each.
    async fn send(&self, candidates: &[Candidate], invocation: &mut Invocation, outcomes: &mut Outcomes) {
        let deadline = invocation.deadline;
        let orders_per_email = if candidates.len() <= self.settings.digest_threshold {
            1
        } else {
            // The fewest digests that cover them, of equal sizes.
            candidates
                .len()
                .div_ceil(candidates.len().div_ceil(digest::MAX_ORDERS))
        };
        for covered in candidates.chunks(orders_per_email) {
            let needed = Self::time_to_send(covered.len()) + invocation.pacer.interval();
            if !deadline.allows(&self.ports, needed) {
                let late = Outcome::transient(
                    ErrorCode::OutOfTime,
                    "the invocation had no time left to send its email",
                );
                outcomes.set_orders(covered, &late);
                continue;
            }
            invocation.pacer.wait(&self.ports).await;
            let delivered = self.deliver(covered, deadline).await;
            for (candidate, outcome) in covered.iter().zip(&delivered) {
                outcomes.set_order(candidate, outcome);
            }
        }
    }
}
