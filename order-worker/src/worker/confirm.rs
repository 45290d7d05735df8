//! Makes sure that each order's row exists and says what the message says.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};
use order_core::row::{Attributes, attribute};
use order_core::{OrderId, OrderMessage, OrderRow};
use queue_consumer::failure::Failure;
use queue_consumer::refusal::Refusal;
use serde_json::Value;

use super::call::{IN_FLIGHT, guarded};
use super::{Copies, Verdict, Worker};
use crate::budget::Budget;
use crate::judgement::{self, Insertion, WholeCall, code};
use crate::ports::{Ports, Read};

/// An order whose row exists, and the records that wait for its event.
#[derive(Debug)]
pub(crate) struct Confirmed {
    /// The row as it is stored.
    pub(crate) row: OrderRow,
    /// The records' places in the batch.
    pub(crate) indices: Vec<usize>,
}

/// What a read found for one id.
type Found = Result<Option<Attributes>, Failure>;

impl<P: Ports> Worker<P> {
    /// Inserts the first copy of each order, and judges every other copy, and every first one that was there already,
    /// against the stored row.
    pub(crate) async fn confirm(
        &self,
        copies: Vec<Copies>,
        budget: &Budget,
        verdicts: &mut Vec<Verdict>,
    ) -> Vec<Confirmed> {
        let confirmed_at = self.ports.now();
        let rows: Vec<Result<(OrderRow, Attributes), Failure>> = copies
            .iter()
            .map(|copies| {
                guarded(|| {
                    let row = OrderRow::confirmed(copies.first.1.clone(), confirmed_at);
                    let attributes = row.to_attributes();
                    Ok((row, attributes))
                })
            })
            .collect();
        let mut insertions = self.insert(&rows, budget).await.into_iter();
        // One insertion for each row that could be laid out.
        let outcomes: Vec<Result<(OrderRow, Insertion), Failure>> = rows
            .into_iter()
            .map(|row| {
                let (row, _) = row?;
                let insertion = insertions
                    .next()
                    .unwrap_or_else(|| Err(judgement::out_of_time()))?;
                Ok((row, insertion))
            })
            .collect();
        let to_read: Vec<OrderId> = copies
            .iter()
            .zip(&outcomes)
            .filter(|(copies, outcome)| {
                !copies.rest.is_empty() || matches!(outcome, Ok((_, Insertion::Duplicate)))
            })
            .map(|(copies, _)| copies.first.1.order_id)
            .collect();
        let mut found = self.read(&to_read, budget).await;

        let mut confirmed = Vec::with_capacity(copies.len());
        for (copies, outcome) in copies.into_iter().zip(outcomes) {
            let order_id = copies.first.1.order_id;
            let found = found.remove(&order_id).unwrap_or(Ok(None));
            let mut stored: Option<OrderRow> = None;
            let mut indices = Vec::new();
            let judge = |message: &OrderMessage| {
                guarded(|| {
                    let row = found.clone()?;
                    judgement::stored(row.map(|row| OrderRow::from_attributes(&row)), message)
                })
            };
            let first = match outcome {
                Ok((row, Insertion::Inserted)) => Ok(row),
                Ok((_, Insertion::Duplicate)) => judge(&copies.first.1),
                Err(failure) => Err(failure),
            };
            let rest = copies
                .rest
                .iter()
                .map(|(index, message)| (*index, judge(message)));
            for (index, judged) in std::iter::once((copies.first.0, first)).chain(rest) {
                match judged {
                    Ok(row) => {
                        stored.get_or_insert(row);
                        indices.push(index);
                    }
                    Err(failure) => {
                        verdicts.push(Verdict {
                            index,
                            order_id: Some(order_id),
                            result: Err(failure),
                        });
                    }
                }
            }
            confirmed.extend(stored.map(|row| Confirmed { row, indices }));
        }
        confirmed
    }

    async fn insert(
        &self,
        rows: &[Result<(OrderRow, Attributes), Failure>],
        budget: &Budget,
    ) -> Vec<Result<Insertion, Failure>> {
        let rows: Vec<&Attributes> = rows
            .iter()
            .filter_map(|row| row.as_ref().ok().map(|(_, attributes)| attributes))
            .collect();
        let chunks = rows.chunks(P::MAX_INSERTS).map(|chunk| {
            self.repeat(chunk, budget, async |rows: Vec<&&Attributes>| {
                let rows: Vec<&Attributes> = rows.into_iter().copied().collect();
                self.insert_once(&rows, budget).await
            })
        });
        stream::iter(chunks)
            .buffered(IN_FLIGHT)
            .collect::<Vec<_>>()
            .await
            .concat()
    }

    async fn insert_once(&self, rows: &[&Attributes], budget: &Budget) -> Vec<Result<Insertion, Failure>> {
        match self.before(budget.cut_work, self.ports.insert_batch(rows)).await {
            Ok(answers) => answers.into_iter().map(judgement::statement).collect(),
            Err(refusal) => match judgement::whole_insert(refusal, rows.len()) {
                WholeCall::Failed(failure) => rows.iter().map(|_| Err(failure.clone())).collect(),
                WholeCall::OneByOne => {
                    let mut results = Vec::with_capacity(rows.len());
                    for row in rows {
                        results.push(self.insert_alone(row, budget).await);
                    }
                    results
                }
            },
        }
    }

    async fn insert_alone(&self, row: &Attributes, budget: &Budget) -> Result<Insertion, Failure> {
        if self.ports.monotonic() >= budget.stop_work {
            return Err(judgement::out_of_time());
        }
        match self
            .before(budget.cut_work, self.ports.insert_batch(&[row]))
            .await
        {
            Ok(answers) => {
                let answer = answers.into_iter().next();
                judgement::statement(answer.unwrap_or_else(|| Err(Refusal::new(code::NO_ANSWER))))
            }
            Err(refusal) => match judgement::whole_insert(refusal, 1) {
                WholeCall::Failed(failure) => Err(failure),
                // One statement cannot be split; judged like an answer that is missing.
                WholeCall::OneByOne => Err(judgement::call(Refusal::new(code::NO_ANSWER))),
            },
        }
    }

    async fn read(&self, ids: &[OrderId], budget: &Budget) -> HashMap<OrderId, Found> {
        let chunks = ids.chunks(P::MAX_READS).map(|chunk| {
            self.repeat(chunk, budget, async |ids: Vec<&OrderId>| {
                let ids: Vec<OrderId> = ids.into_iter().copied().collect();
                self.read_once(&ids, budget).await
            })
        });
        let found = stream::iter(chunks)
            .buffered(IN_FLIGHT)
            .collect::<Vec<_>>()
            .await
            .concat();
        ids.iter().copied().zip(found).collect()
    }

    async fn read_once(&self, ids: &[OrderId], budget: &Budget) -> Vec<Found> {
        match self.before(budget.cut_work, self.ports.read_batch(ids)).await {
            Ok(read) => found(ids, read),
            Err(refusal) => match judgement::whole_read(refusal, ids.len()) {
                WholeCall::Failed(failure) => vec![Err(failure); ids.len()],
                WholeCall::OneByOne => {
                    let mut results = Vec::with_capacity(ids.len());
                    for id in ids {
                        results.push(self.read_alone(*id, budget).await);
                    }
                    results
                }
            },
        }
    }

    async fn read_alone(&self, id: OrderId, budget: &Budget) -> Found {
        if self.ports.monotonic() >= budget.stop_work {
            return Err(judgement::out_of_time());
        }
        let read = self.before(budget.cut_work, self.ports.read_batch(&[id])).await;
        let mut found = found(&[id], read.map_err(judgement::call)?).into_iter();
        found
            .next()
            .unwrap_or_else(|| Err(judgement::call(Refusal::new(code::NO_ANSWER))))
    }
}

/// What a read says of each id.
fn found(ids: &[OrderId], read: Read) -> Vec<Found> {
    let id_of = |row: &Attributes| {
        row.get(attribute::ORDER_ID)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let mut rows: HashMap<String, Attributes> = read
        .rows
        .into_iter()
        .filter_map(|row| Some((id_of(&row)?, row)))
        .collect();
    ids.iter()
        .map(|id| {
            if read.unprocessed.contains(id) {
                Err(judgement::call(Refusal::new(code::UNPROCESSED)))
            } else {
                Ok(rows.remove(&id.to_string()))
            }
        })
        .collect()
}
