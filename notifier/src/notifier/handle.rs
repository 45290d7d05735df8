//! One invocation: from a batch to the ids of the messages that failed.

use std::collections::HashMap;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use function_runtime::{CallDeadline, Deadline};
use order_core::OrderId;
use queue_consumer::batch::{self, BatchError};
use queue_consumer::record::Record;
use queue_consumer::settle::{Disposition, Failed, Settlement};
use serde_json::Value;

use super::Notifier;
use super::outcomes::Outcomes;
use super::summary::Summary;
use super::suspect::SUSPECT_FROM;
use super::times::{TIME_TO_ANSWER, TIME_TO_CALL, TIME_TO_READ};
use crate::email::digest;
use crate::orders::{self, Candidate};
use crate::outcome::{ErrorCode, Outcome};
use crate::pacer::Pacer;
use crate::ports::Ports;

/// The state of an invocation over all its records.
struct Invocation {
    deadline: Deadline,
    pacer: Pacer,
    /// The outcome of each order whose email was tried. There is one try per order: a second one would send a second email if
    /// only the response of the first one was lost.
    tried: HashMap<OrderId, Outcome>,
    summary: Summary,
}

impl<P: Ports> Notifier<P> {
    /// Handles one SQS event within `time_left`. The answer names the messages that return to the queue.
    ///
    /// # Errors
    /// Only if no valid answer could keep every message; see [`BatchError`].
    pub async fn handle(&self, event: Value, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let deadline = Deadline::after(&self.ports, time_left);
        let mut invocation = Invocation {
            deadline,
            pacer: Pacer::start(self.settings.email_interval, &self.ports),
            tried: HashMap::new(),
            summary: Summary::default(),
        };
        let records = batch::read(event)?;
        let (fresh, suspects): (Vec<&Record>, Vec<&Record>) = records
            .iter()
            .partition(|record| record.receive_count < SUSPECT_FROM);
        if records.len() > 1 {
            self.part(&suspects, deadline).await;
        }
        let has_fresh = !fresh.is_empty();
        let (finished, mut unfinished) = self.run(fresh, &mut invocation, true).await;
        if !suspects.is_empty() {
            // A finished record must not return if a suspect kills the process.
            self.delete(&finished, deadline).await;
            let has_time = !has_fresh || deadline.allows(&self.ports, TIME_TO_READ);
            unfinished.extend(self.run(suspects, &mut invocation, has_time).await.1);
        }
        invocation.summary.log();
        batch::respond(unfinished)
    }

    /// Handles and settles some of a batch's records. Without time they are only settled. Returns those that are finished and
    /// those that are not.
    async fn run<'batch>(
        &self,
        records: Vec<&'batch Record>,
        invocation: &mut Invocation,
        has_time: bool,
    ) -> (Vec<&'batch Record>, Vec<&'batch Record>) {
        let mut outcomes = Outcomes::new(records.len());
        if has_time {
            self.notify(&records, invocation, &mut outcomes).await;
        }
        let outcomes = outcomes.finish();
        invocation.summary.count(&records, &outcomes);
        let mut finished = Vec::new();
        let mut failed = Vec::new();
        for (record, outcome) in records.into_iter().zip(outcomes) {
            match outcome.failure() {
                None => finished.push(record),
                Some(failure) => failed.push(Failed { record, failure }),
            }
        }
        let end = invocation.deadline.less(TIME_TO_ANSWER);
        let settlement = Settlement {
            max_receive_count: self.settings.max_receive_count,
            deadline: CallDeadline::until(end).leaving(TIME_TO_CALL),
            rng: &self.rng,
        };
        let mut unfinished = Vec::new();
        let dispositions = settlement.settle(&self.ports, &failed).await;
        for (failed, disposition) in failed.iter().zip(dispositions) {
            match disposition {
                Disposition::DeadLettered => finished.push(failed.record),
                Disposition::Reported => unfinished.push(failed.record),
            }
        }
        (finished, unfinished)
    }

    /// Notifies about the records' orders, except those that are marked or were tried in this invocation.
    async fn notify(&self, records: &[&Record], invocation: &mut Invocation, outcomes: &mut Outcomes) {
        let (mut candidates, unreadable) = orders::gather(records);
        for (index, outcome) in unreadable {
            outcomes.set(index, outcome);
        }
        candidates.retain(|candidate| {
            let tried = invocation.tried.get(&candidate.order_id());
            if let Some(outcome) = tried {
                outcomes.set_order(candidate, outcome);
            }
            tried.is_none()
        });
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
            let needed = Self::time_to_send(covered.len()) + self.settings.email_interval;
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
                invocation.tried.insert(candidate.order_id(), outcome.clone());
            }
        }
    }
}
