//! Makes sure that each order's row exists and holds the message's order.

use std::collections::HashMap;

use function_runtime::CallError;
use order_core::{OrderConfirmed, OrderId};
use order_table::{Attributes, OrderRow, attribute, text};
use queue_consumer::failure::Failure;

use super::Worker;
use super::calls::IN_FLIGHT;
use super::record::{Copies, Prepared, Verdict, guarded};
use crate::budget::Budget;
use crate::classification::{self, Insertion, code};
use crate::ports::{Ports, Publication, Read};

/// An order whose row exists, and the records that wait for its event.
#[derive(Debug)]
pub(crate) struct Confirmed {
    /// The order's id.
    pub(crate) order_id: OrderId,
    /// Its event, built from the stored row.
    pub(crate) publication: Publication,
    /// The records' indices in the batch.
    pub(crate) indices: Vec<usize>,
}

/// The row that a read found for one id.
type Found = Result<Option<Attributes>, CallError>;

impl<P: Ports> Worker<P> {
    /// Inserts the first copy of each order. Compares every other copy, and each first copy whose row existed, with the stored
    /// row.
    pub(crate) async fn confirm(
        &self,
        orders: Vec<Copies>,
        budget: &Budget,
        verdicts: &mut Vec<Verdict>,
    ) -> Vec<Confirmed> {
        let rows: Vec<&Attributes> = orders.iter().map(|copies| &copies.first.attributes).collect();
        let insertions = self.insert(&rows, budget).await;
        let to_read: Vec<OrderId> = orders
            .iter()
            .zip(&insertions)
            .filter(|(copies, insertion)| {
                !copies.rest.is_empty() || matches!(insertion, Ok(Insertion::Duplicate))
            })
            .map(|(copies, _)| copies.first.row.order_id)
            .collect();
        let mut found = self.read(&to_read, budget).await;

        let mut confirmed = Vec::with_capacity(orders.len());
        for (copies, insertion) in orders.into_iter().zip(insertions) {
            let order_id = copies.first.row.order_id;
            let found = found.remove(&order_id).unwrap_or(Ok(None));
            let conclude = |copy: &Prepared, insertion| guarded(|| build_event(copy, insertion, &found));
            let first = insertion.and_then(|insertion| conclude(&copies.first, insertion));
            let rest = copies
                .rest
                .iter()
                .map(|copy| (copy.index, conclude(copy, Insertion::Duplicate)));
            let mut stored: Option<Publication> = None;
            let mut indices = Vec::new();
            for (index, publication) in std::iter::once((copies.first.index, first)).chain(rest) {
                match publication {
                    Ok(publication) => {
                        stored.get_or_insert(publication);
                        indices.push(index);
                    }
                    Err(failure) => verdicts.push(Verdict {
                        index,
                        order_id: Some(order_id),
                        result: Err(failure),
                    }),
                }
            }
            confirmed.extend(stored.map(|publication| Confirmed {
                order_id,
                publication,
                indices,
            }));
        }
        confirmed
    }

    async fn insert(&self, rows: &[&Attributes], budget: &Budget) -> Vec<Result<Insertion, Failure>> {
        let calls = self.calls(budget, classification::is_one_row_at_fault);
        let attempts = self.attempts(classification::is_insert_worth_another_attempt);
        let insert = async |rows: &[&Attributes]| self.limited(budget, self.ports.insert_batch(rows)).await;
        let answers = calls
            .repeat_all(rows.chunks(P::MAX_INSERTS), IN_FLIGHT, &attempts, insert)
            .await;
        answers
            .into_iter()
            .map(classification::classify_insertion)
            .collect()
    }

    async fn read(&self, ids: &[OrderId], budget: &Budget) -> HashMap<OrderId, Found> {
        let calls = self.calls(budget, classification::is_one_key_at_fault);
        let attempts = self.attempts(classification::is_worth_another_attempt);
        let read = async |ids: &[OrderId]| {
            let read = self.limited(budget, self.ports.read_batch(ids)).await?;
            Ok(match_rows(ids, read))
        };
        let answers = calls
            .repeat_all(ids.chunks(P::MAX_READS), IN_FLIGHT, &attempts, read)
            .await;
        ids.iter().copied().zip(answers).collect()
    }
}

/// The event of the order's row: of the copy's own row if that was inserted, otherwise of the stored one.
fn build_event(copy: &Prepared, insertion: Insertion, found: &Found) -> Result<Publication, Failure> {
    let row = match insertion {
        Insertion::Inserted => copy.row.clone(),
        Insertion::Duplicate => {
            let stored = found.clone().map_err(classification::classify_call)?;
            let stored = stored.map(|attributes| OrderRow::from_attributes(&attributes));
            classification::compare_with_stored(stored, &copy.row)?
        }
    };
    Ok(Publication {
        event: OrderConfirmed::from(&row).to_json(),
        group_id: copy.group_id.clone(),
        trace: row.trace,
    })
}

/// The row of each id, as the read found it.
fn match_rows(ids: &[OrderId], read: Read) -> Vec<Found> {
    let mut rows: HashMap<String, Attributes> = read
        .rows
        .into_iter()
        .filter_map(|row| Some((text(&row, attribute::ORDER_ID).ok()?.to_owned(), row)))
        .collect();
    ids.iter()
        .map(|id| {
            if read.unprocessed.contains(id) {
                Err(CallError::new(code::UNPROCESSED))
            } else {
                Ok(rows.remove(&id.to_string()))
            }
        })
        .collect()
}
