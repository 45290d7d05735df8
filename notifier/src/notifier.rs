//! What is done with one batch.

mod deliver;
mod outcomes;
mod read;
mod suspect;
mod tally;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use order_core::OrderId;
use outcomes::Outcomes;
use queue_consumer::batch::{self, BatchError};
use queue_consumer::call::{Panicked, caught};
use queue_consumer::chance::Chance;
use queue_consumer::record::Record;
use queue_consumer::settle::{Failed, Settled, Settlement};
use queue_consumer::window::Window;
use serde_json::Value;
use suspect::SUSPECT_FROM;
use tally::Tally;

use crate::config::Settings;
use crate::email::digest;
use crate::orders::{self, Candidate};
use crate::outcome::{ErrorCode, Outcome};
use crate::pacer::Pacer;
use crate::ports::Ports;

/// How long a found subscriber is believed in.
const SUBSCRIBER_BELIEVED_FOR: Duration = Duration::from_mins(1);

/// Time that an invocation must have left for a further read to be begun: four attempts of 2 s with their pauses, and
/// [`TIME_TO_SETTLE`].
const TIME_TO_READ: Duration = Duration::from_secs(12);

/// Time that the slowest call takes, but that for an email.
const TIME_TO_CALL: Duration = Duration::from_secs(2);

/// Time that is kept for settling and for the answer to the queue.
const TIME_TO_SETTLE: Duration = Duration::from_secs(3);

/// Time that is kept for the answer alone.
const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// The notifier. One value serves all invocations of a process, one after the other.
pub struct Notifier<P> {
    ports: P,
    settings: Settings,
    chance: Chance,
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

    fn rest<P: Ports>(self, ports: &P) -> Duration {
        self.0.saturating_sub(ports.monotonic())
    }
}

/// What an invocation carries from one group of its records to the next.
struct Invocation {
    deadline: Deadline,
    pacer: Pacer,
    /// What came of telling of an order. Each is tried once: a repeat would double an email whose response was lost.
    tried: HashMap<OrderId, Outcome>,
    tally: Tally,
}

impl<P: Ports> Notifier<P> {
    /// A notifier. `seed` decides all chance (jitter, notification ids).
    pub fn new(ports: P, settings: Settings, seed: u64) -> Self {
        Self {
            ports,
            settings,
            chance: Chance::seeded(seed),
            subscriber_seen: Mutex::new(None),
        }
    }

    /// Handles a batch within `time_left`: the invocation's event in, the messages that are to be received again out
    /// (the response of `ReportBatchItemFailures`). An error fails the whole batch, and only where no answer could keep
    /// every message.
    pub async fn handle(&self, event: Value, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let deadline = Deadline(self.ports.monotonic() + time_left);
        let mut invocation = Invocation {
            deadline,
            pacer: Pacer::start(self.settings.email_interval, &self.ports),
            tried: HashMap::new(),
            tally: Tally::default(),
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
            // What is finished must not come back if a suspect kills the process.
            self.delete(&finished, deadline).await;
            let has_time = !has_fresh || deadline.allows(&self.ports, TIME_TO_READ);
            unfinished.extend(self.run(suspects, &mut invocation, has_time).await.1);
        }
        invocation.tally.log();
        batch::respond(unfinished)
    }

    /// Handles some of a batch's records, if there is time for them. Returns those that are finished and those that are
    /// not.
    async fn run<'batch>(
        &self,
        records: Vec<&'batch Record>,
        invocation: &mut Invocation,
        has_time: bool,
    ) -> (Vec<&'batch Record>, Vec<&'batch Record>) {
        let mut outcomes = Outcomes::new(records.len());
        if has_time {
            self.tell_of(&records, invocation, &mut outcomes).await;
        }
        let outcomes = outcomes.finish();
        invocation.tally.count(&records, &outcomes);
        let mut finished = Vec::new();
        let mut failed = Vec::new();
        for (record, outcome) in records.into_iter().zip(outcomes) {
            match outcome.failure() {
                None => finished.push(record),
                Some(failure) => failed.push(Failed { record, failure }),
            }
        }
        let end = invocation.deadline.0.saturating_sub(TIME_TO_ANSWER);
        let settlement = Settlement {
            max_receive_count: self.settings.max_receive_count,
            window: Window::until(end).leaving(TIME_TO_CALL),
            chance: &self.chance,
        };
        let mut unfinished = Vec::new();
        for (failed, settled) in failed.iter().zip(settlement.settle(&self.ports, &failed).await) {
            match settled {
                Settled::Buried => finished.push(failed.record),
                Settled::Reported => unfinished.push(failed.record),
            }
        }
        (finished, unfinished)
    }

    /// Tells of the orders that records carry, unless that was done or tried before.
    async fn tell_of(&self, records: &[&Record], invocation: &mut Invocation, outcomes: &mut Outcomes) {
        let (mut candidates, refused) = orders::gather(records);
        for (index, outcome) in refused {
            outcomes.set(index, outcome);
        }
        candidates.retain(|candidate| {
            let tried = invocation.tried.get(&candidate.order_id());
            if let Some(outcome) = tried {
                outcomes.settle(candidate, outcome);
            }
            tried.is_none()
        });
        let candidates = self.unmarked(candidates, invocation.deadline, outcomes).await;
        invocation.tally.new_orders += candidates.len();
        if candidates.is_empty() {
            return;
        }
        match self.subscriber(invocation.deadline).await {
            Ok(()) => self.tell(&candidates, invocation, outcomes).await,
            Err(outcome) => outcomes.settle_all(&candidates, &outcome),
        }
    }

    /// Sends the candidates' emails, each followed by its marks.
    async fn tell(&self, candidates: &[Candidate], invocation: &mut Invocation, outcomes: &mut Outcomes) {
        let deadline = invocation.deadline;
        let orders_per_email = if candidates.len() <= self.settings.digest_threshold {
            1
        } else {
            // As few digests as cover them, of equal sizes.
            candidates
                .len()
                .div_ceil(candidates.len().div_ceil(digest::MAX_ORDERS))
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
            invocation.pacer.wait(&self.ports).await;
            // What is shared with the other emails is changed in single steps, so that a panic leaves it whole.
            let delivered = caught(self.deliver(covered, deadline)).await;
            let delivered = delivered.unwrap_or_else(|Panicked| {
                vec![Outcome::transient(ErrorCode::Panicked, "sending the email panicked"); covered.len()]
            });
            for (candidate, outcome) in covered.iter().zip(&delivered) {
                outcomes.settle(candidate, outcome);
                invocation.tried.insert(candidate.order_id(), outcome.clone());
            }
        }
    }
}
