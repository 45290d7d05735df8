//! What is done with one batch.

mod deliver;
mod read;

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use futures_util::FutureExt as _;
use serde_json::Value;

use crate::batch::{self, BatchError, Record};
use crate::config::Settings;
use crate::email::digest;
use crate::orders::{self, Candidate};
use crate::outcome::{ErrorCode, Outcome};
use crate::pacer::Pacer;
use crate::ports::Ports;
use crate::settle;

/// How long a found subscriber is believed in.
const SUBSCRIBER_BELIEVED_FOR: Duration = Duration::from_mins(1);

/// Time that an invocation must have left for a further read to be begun: four attempts of 2 s with their pauses, and
/// [`TIME_TO_SETTLE`].
const TIME_TO_READ: Duration = Duration::from_secs(12);

/// Time that is kept for the answer to the queue.
const TIME_TO_SETTLE: Duration = Duration::from_secs(3);

/// The notifier. One value serves all invocations of a process, one after the other.
pub struct Notifier<P> {
    ports: P,
    settings: Settings,
    rng: Mutex<fastrand::Rng>,
    /// When a confirmed subscriber was last seen, on the clock's monotonic time. Absence is not remembered: the first
    /// batch after somebody has confirmed is to be sent.
    subscriber_seen: Mutex<Option<Duration>>,
}

/// The invocation's end, on the clock's monotonic time.
#[derive(Debug, Clone, Copy)]
struct Deadline(Duration);

impl Deadline {
    fn allows<P: Ports>(self, ports: &P, needed: Duration) -> bool {
        ports.monotonic() + needed <= self.0
    }
}

impl<P: Ports> Notifier<P> {
    /// A notifier. All randomness (jitter, notification ids) comes from `rng`.
    pub fn new(ports: P, settings: Settings, rng: fastrand::Rng) -> Self {
        Self {
            ports,
            settings,
            rng: Mutex::new(rng),
            subscriber_seen: Mutex::new(None),
        }
    }

    /// Handles a batch within `time_left`: the invocation's event in, the messages that are to be received again out
    /// (the response of `ReportBatchItemFailures`). An error fails the whole batch, and only what is no batch is one.
    pub async fn handle(&self, event: Value, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let deadline = Deadline(self.ports.monotonic() + time_left);
        let mut pacer = Pacer::start(self.settings.email_interval, &self.ports);
        let records = batch::read(event)?;
        let mut outcomes = Outcomes::new(records.len());

        let (candidates, refused) = orders::gather(&records);
        for (index, outcome) in refused {
            outcomes.set(index, outcome);
        }
        let candidates = self.unmarked(candidates, deadline, &mut outcomes).await;
        let new_orders = candidates.len();
        if !candidates.is_empty() {
            match self.subscriber().await {
                Ok(()) => self.tell(&candidates, &mut pacer, deadline, &mut outcomes).await,
                Err(outcome) => outcomes.settle_all(&candidates, &outcome),
            }
        }

        let outcomes = outcomes.finish();
        report(&records, &outcomes, new_orders);
        let settlement = settle::Settlement {
            max_receive_count: self.settings.max_receive_count.get(),
            deadline: deadline.0,
            now: self.ports.now(),
        };
        let delays: Vec<Duration> = self.with_rng(|rng| {
            records
                .iter()
                .map(|record| crate::backoff::message_delay(record.receive_count, rng))
                .collect()
        });
        Ok(settlement.settle(&self.ports, &records, &outcomes, &delays).await)
    }

    /// Sends the candidates' emails, each followed by its marks.
    async fn tell(
        &self,
        candidates: &[Candidate],
        pacer: &mut Pacer,
        deadline: Deadline,
        outcomes: &mut Outcomes,
    ) {
        let orders_per_email = if candidates.len() <= self.settings.digest_threshold {
            1
        } else {
            // As few digests as cover them, of equal sizes.
            candidates
                .len()
                .div_ceil(candidates.len().div_ceil(digest::MOST_ORDERS))
        };
        for covered in candidates.chunks(orders_per_email) {
            if !deadline.allows(
                &self.ports,
                Self::time_to_send(covered.len()) + self.settings.email_interval,
            ) {
                let late = Outcome::transient(
                    ErrorCode::OutOfTime,
                    "the invocation had no time left to send its email",
                );
                outcomes.settle_all(covered, &late);
                continue;
            }
            pacer.wait(&self.ports).await;
            // What is shared with the other emails is changed in single steps, so that a panic leaves it whole.
            let delivered = AssertUnwindSafe(self.deliver(covered, deadline))
                .catch_unwind()
                .await;
            let delivered = delivered.unwrap_or_else(|_| {
                vec![Outcome::transient(ErrorCode::Panicked, "sending the email panicked"); covered.len()]
            });
            for (candidate, outcome) in covered.iter().zip(&delivered) {
                outcomes.settle(candidate, outcome);
            }
        }
    }

    fn with_rng<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        // A generator is whole after every draw, whoever panicked meanwhile.
        draw(&mut self.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The records' outcomes while they come in.
struct Outcomes(Vec<Option<Outcome>>);

impl Outcomes {
    fn new(records: usize) -> Self {
        Self(vec![None; records])
    }

    fn set(&mut self, index: usize, outcome: Outcome) {
        if let Some(place) = self.0.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// An order's outcome is that of each of its copies.
    fn settle(&mut self, candidate: &Candidate, outcome: &Outcome) {
        for &index in &candidate.records {
            self.set(index, outcome.clone());
        }
    }

    fn settle_all(&mut self, candidates: &[Candidate], outcome: &Outcome) {
        for candidate in candidates {
            self.settle(candidate, outcome);
        }
    }

    /// A record that nothing was said of is not done: what is forgotten is never deleted.
    fn finish(self) -> Vec<Outcome> {
        let forgotten = || Outcome::transient(ErrorCode::OutOfTime, "the record was not come to");
        self.0
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(forgotten))
            .collect()
    }
}

/// One line for each record that is not done, and one for the batch.
fn report(records: &[Record], outcomes: &[Outcome], new_orders: usize) {
    let mut without_subscriber = 0_u64;
    let mut not_done = 0_u64;
    for (record, outcome) in records.iter().zip(outcomes) {
        // The detail of a permanent failure is left to the dead letter: it may name a field that only the message knows.
        let (reason, detail) = match outcome {
            Outcome::Done => continue,
            Outcome::Transient(reason) => (reason, Some(&*reason.detail)),
            Outcome::Permanent(reason) => (reason, None),
        };
        not_done += 1;
        without_subscriber += u64::from(reason.code == ErrorCode::NoSubscriber);
        tracing::warn!(
            message_id = %record.message_id,
            receive_count = record.receive_count,
            error_code = %reason.code,
            error_detail = detail,
            "message {} is not done: {}", record.message_id, reason.code
        );
    }
    if without_subscriber > 0 {
        // What a metric filter on the log counts.
        tracing::error!(
            no_subscriber = without_subscriber,
            "the topic of emails has no confirmed subscriber"
        );
    }
    tracing::info!(
        records = records.len(),
        new_orders,
        not_done,
        "a batch was handled"
    );
}
