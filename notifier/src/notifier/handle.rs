//! One invocation: from a batch to the ids of the messages that failed.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use order_core::EventType;
use queue_consumer::batch::BatchError;
use queue_consumer::budget::Budget;
use queue_consumer::failure::code;
use queue_consumer::ports::Queue;
use queue_consumer::record::Record;
use queue_consumer::results::Results;

use super::Notifier;
use crate::email::digest;
use crate::orders::{self, Candidate};
use crate::pacer::Pacer;
use crate::ports::Ports;

impl<P: Ports> Notifier<P> {
    /// Handles one SQS event within `time_left`. The answer names the messages that return to the queue.
    ///
    /// # Errors
    /// Only if no valid answer could keep every message; see [`BatchError`].
    pub async fn handle(&self, event: &str, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let notify = async |records: &[&Record], budget: &Budget, results: &mut Results| {
            self.notify(records, budget, results).await;
        };
        self.consumer.handle(&self.ports, event, time_left, notify).await
    }

    /// The interval between the emails of an invocation, by the queue that its records come from.
    fn interval(&self, records: &[&Record]) -> Duration {
        let source = records.first().map(|record| self.consumer.retries.source(record));
        match source {
            Some(Queue::Retry) => self.settings.retry_email_interval,
            _ => self.settings.email_interval,
        }
    }

    /// Notifies about the records' orders, except those that are marked.
    async fn notify(&self, records: &[&Record], budget: &Budget, results: &mut Results) {
        let candidates = orders::gather(records, results);
        let candidates = self.unmarked(candidates, budget, results).await;
        if candidates.is_empty() {
            return;
        }
        let result = match self.check_subscriber(budget).await {
            Ok(true) => {
                // A read may have waited for the return of a service, as other invocations did: none sends at once.
                let pacer = Pacer::start(self.interval(records), &self.ports);
                return self.send(candidates, &pacer, budget, results).await;
            }
            Ok(false) => Ok(()),
            Err(failure) => Err(failure),
        };
        if result
            .as_ref()
            .is_err_and(|failure| failure.code == code::NO_SUBSCRIBER)
        {
            // A metric filter counts this field.
            tracing::error!(
                no_subscriber = candidates
                    .iter()
                    .map(|candidate| candidate.records.len())
                    .sum::<usize>(),
                "the topic of emails has no confirmed subscriber"
            );
        }
        for candidate in &candidates {
            candidate.set(results, &result);
        }
    }

    /// Sends the candidates' emails, and marks the orders of each. An email is about orders that are confirmed, or about orders that are
    /// cancelled. Stops when the topic or the table is away.
    async fn send(&self, candidates: Vec<Candidate>, pacer: &Pacer, budget: &Budget, results: &mut Results) {
        let is_quiet = candidates.len() <= self.settings.digest_threshold;
        let (confirmed, cancelled): (Vec<Candidate>, Vec<Candidate>) = candidates
            .into_iter()
            .partition(|candidate| candidate.event.event_type() == EventType::Confirmed);
        let orders_per_email = |candidates: &[Candidate]| {
            if is_quiet || candidates.is_empty() {
                1
            } else {
                // The fewest digests that cover them, of equal sizes.
                candidates
                    .len()
                    .div_ceil(candidates.len().div_ceil(digest::MAX_ORDERS))
            }
        };
        let emails = [&confirmed, &cancelled].into_iter();
        let emails = emails.flat_map(|candidates| candidates.chunks(orders_per_email(candidates)));
        for covered in emails {
            if results.is_outage() {
                break;
            }
            let delivered = self.deliver(covered, pacer, budget).await;
            for (candidate, result) in covered.iter().zip(delivered) {
                candidate.set(results, &result);
            }
        }
    }
}
