//! One invocation: a batch in, the ids of what failed out.

mod call;
mod confirm;
mod publish;
mod settle;
mod suspect;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use aws_lambda_events::sqs::SqsBatchResponse;
use order_core::{OrderId, OrderMessage};
use queue_consumer::batch::{self, BatchError};
use queue_consumer::chance::Chance;
use queue_consumer::failure::Failure;
use queue_consumer::record::Record;
use serde_json::Value;
use settle::Settled;
use suspect::SUSPECT_FROM;

use crate::budget::Budget;
use crate::judgement::{self, code};
use crate::ports::Ports;

/// Records that are inserted and published before the next ones are begun. So what a slow table leaves time to insert is
/// published, too, and not only inserted again and again.
const WINDOW: usize = 500;

/// Processes batches.
#[derive(Debug)]
pub struct Worker<P> {
    ports: P,
    max_receive_count: NonZeroU32,
    chance: Chance,
}

/// How one record ended.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// The record's place in the batch.
    pub(crate) index: usize,
    /// As far as it could be read.
    pub(crate) order_id: Option<OrderId>,
    /// Stored and published, or why not.
    pub(crate) result: Result<(), Failure>,
}

/// The messages of a batch that carry one order id, each with its record's place.
#[derive(Debug)]
pub(crate) struct Copies {
    /// The first, which is inserted.
    pub(crate) first: (usize, OrderMessage),
    /// Further ones, which are judged against the stored row.
    pub(crate) rest: Vec<(usize, OrderMessage)>,
}

impl<P: Ports> Worker<P> {
    /// A worker on `ports`, of a queue that gives up after `max_receive_count` receives. `seed` decides all chance.
    pub fn new(ports: P, max_receive_count: NonZeroU32, seed: u64) -> Self {
        Self {
            ports,
            max_receive_count,
            chance: Chance::seeded(seed),
        }
    }

    /// Processes one SQS event within `time_left`, and says which messages are to be shown again.
    ///
    /// # Errors
    /// Only where no valid answer could keep every message; see [`BatchError`].
    pub async fn handle(&self, event: Value, time_left: Duration) -> Result<SqsBatchResponse, BatchError> {
        let budget = Budget::new(self.ports.monotonic(), time_left);
        let records = batch::read(event)?;
        let (fresh, suspects): (Vec<usize>, Vec<usize>) =
            (0..records.len()).partition(|index| records[*index].receive_count < SUSPECT_FROM);
        let mut total = Settled::default();
        let mut finished = Vec::new();
        for window in fresh.chunks(WINDOW) {
            finished.extend(self.run(&records, window, &budget, &mut total).await);
        }
        self.run_suspects(&records, suspects, finished, &budget, &mut total)
            .await;
        let (buried, failed) = (total.buried.len(), total.failed.len());
        tracing::info!(
            records = records.len(),
            confirmed = total.confirmed.len(),
            buried,
            failed,
            "batch processed"
        );
        batch::respond(total.failed.iter().map(|index| &records[*index]))
    }

    /// Processes and settles some records. Adds how they ended to `total`; returns the ones that are
    /// finished.
    async fn run(
        &self,
        records: &[Record],
        indices: &[usize],
        budget: &Budget,
        total: &mut Settled,
    ) -> Vec<usize> {
        let mut verdicts = Vec::with_capacity(indices.len());
        let copies = self.decode(records, indices, budget, &mut verdicts);
        let confirmed = self.confirm(copies, budget, &mut verdicts).await;
        self.publish(confirmed, budget, &mut verdicts).await;
        let forgotten = forgotten(indices, &verdicts);
        verdicts.extend(forgotten);
        let settled = self.settle(records, verdicts, budget).await;
        let finished = settled.confirmed.iter().chain(&settled.buried).copied().collect();
        total.confirmed.extend(settled.confirmed);
        total.buried.extend(settled.buried);
        total.failed.extend(settled.failed);
        finished
    }

    /// Decodes records and groups them by order, in the order of first sight.
    fn decode(
        &self,
        records: &[Record],
        indices: &[usize],
        budget: &Budget,
        verdicts: &mut Vec<Verdict>,
    ) -> Vec<Copies> {
        let mut copies: Vec<Copies> = Vec::new();
        let mut places: HashMap<OrderId, usize> = HashMap::new();
        for &index in indices {
            let message = if self.ports.monotonic() < budget.stop_work {
                call::guarded(|| decode(&records[index]))
            } else {
                Err(judgement::out_of_time())
            };
            match message {
                Err(failure) => verdicts.push(Verdict {
                    index,
                    order_id: None,
                    result: Err(failure),
                }),
                Ok(message) => {
                    let place = *places.entry(message.order_id).or_insert(copies.len());
                    match copies.get_mut(place) {
                        Some(copies) => copies.rest.push((index, message)),
                        None => copies.push(Copies {
                            first: (index, message),
                            rest: Vec::new(),
                        }),
                    }
                }
            }
        }
        copies
    }
}

/// Verdicts on the records that have none: Lambda deletes what is not reported, and what is forgotten is not done.
fn forgotten(indices: &[usize], verdicts: &[Verdict]) -> Vec<Verdict> {
    let judged: BTreeSet<usize> = verdicts.iter().map(|verdict| verdict.index).collect();
    indices
        .iter()
        .filter(|index| !judged.contains(index))
        .map(|&index| Verdict {
            index,
            order_id: None,
            result: Err(judgement::forgotten()),
        })
        .collect()
}

fn decode(record: &Record) -> Result<OrderMessage, Failure> {
    if record.message_id.is_none() {
        return Err(Failure::permanent(code::MALFORMED, "the record has no messageId"));
    }
    let body = record.body.as_deref();
    let body = body.ok_or_else(|| Failure::permanent(code::MALFORMED, "the record has no body"))?;
    #[cfg(test)]
    assert!(!body.contains("panic while decoding"), "as the test asks");
    OrderMessage::from_json(body).map_err(|error| judgement::message(&error))
}
