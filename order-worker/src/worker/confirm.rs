//! Makes sure that each order's row exists and holds the message's order.

use std::collections::HashMap;

use function_runtime::CallError;
use order_core::{EventType, OrderConfirmed, OrderId};
use order_table::{Attributes, Stored, attribute, text};
use queue_consumer::budget::Budget;
use queue_consumer::failure::{Failure, code};
use queue_consumer::results::Results;
use telemetry::metrics::{self, Count, Measure};

use super::publish::Unpublished;
use super::record::{Copies, Prepared, guarded};
use super::{IN_FLIGHT, MAX_ATTEMPTS, Worker};
use crate::classification::{self, Insertion};
use crate::ports::{Ports, Publication, Read};

/// The work that is left for a message, by the item under its order's id.
#[derive(Debug)]
enum Conclusion {
    /// The row exists: its event is published.
    Publish(Publication),
    /// The order was erased: the message is done, and nothing is published.
    Erased,
}

/// The item that a read found for one id.
pub(super) type Found = Result<Option<Attributes>, CallError>;

impl<P: Ports> Worker<P> {
    /// Inserts the first copy of each order. Compares every other copy, and each first copy whose row existed, with the stored
    /// row. A message of an erased order is done.
    pub(crate) async fn confirm(
        &self,
        orders: Vec<Copies>,
        budget: &Budget,
        results: &mut Results,
    ) -> Vec<Unpublished> {
        let to_insert = orders.iter().filter(|copies| !copies.first.comes_too_late);
        let rows: Vec<&Attributes> = to_insert.map(|copies| &copies.first.attributes).collect();
        let insertions = self.insert(&rows, budget).await;
        let insertions = with_those_too_late(&orders, insertions);
        let to_read: Vec<OrderId> = orders
            .iter()
            .zip(&insertions)
            .filter(|(copies, insertion)| {
                !copies.rest.is_empty() || matches!(insertion, Ok(Insertion::Duplicate | Insertion::TooLate))
            })
            .map(|(copies, _)| copies.first.row.order_id)
            .collect();
        let mut found = self.read(&to_read, budget).await;

        let mut confirmed = Vec::with_capacity(orders.len());
        for (copies, insertion) in orders.into_iter().zip(insertions) {
            let order_id = copies.first.row.order_id;
            let found = found.remove(&order_id).unwrap_or(Ok(None));
            let conclude = |copy: &Prepared, insertion| {
                let conclusion = guarded(|| conclude(copy, insertion, &found));
                self.count(copy, insertion, &conclusion);
                conclusion
            };
            let first = insertion.and_then(|insertion| conclude(&copies.first, insertion));
            let rest = copies
                .rest
                .iter()
                .map(|copy| (copy.index, conclude(copy, copy.insertion_without_insert())));
            let mut stored: Option<Publication> = None;
            let mut indices = Vec::new();
            for (index, conclusion) in std::iter::once((copies.first.index, first)).chain(rest) {
                match conclusion {
                    Ok(Conclusion::Publish(publication)) => {
                        stored.get_or_insert(publication);
                        indices.push(index);
                    }
                    Ok(Conclusion::Erased) => {
                        tracing::info!(%order_id, "a message of an erased order is done");
                        results.set(&[index], &Ok(()));
                    }
                    Err(failure) => results.set(&[index], &Err(failure)),
                }
            }
            confirmed.extend(stored.map(|publication| Unpublished { publication, indices }));
        }
        confirmed
    }

    /// Counts an order whose row exists, a message of an erased order, or a conflict with the stored order.
    fn count(&self, copy: &Prepared, insertion: Insertion, conclusion: &Result<Conclusion, Failure>) {
        match (insertion, conclusion) {
            (Insertion::Inserted, _) => {
                metrics::count(Count::OrdersConfirmed, 1);
                let accepted = copy.row.accepted_at.unix_milliseconds();
                let now = self.ports.now().unix_milliseconds();
                metrics::record_age(Measure::AgeAtConfirmation, accepted, now);
            }
            (_, Ok(Conclusion::Publish(_))) => metrics::count(Count::Duplicates, 1),
            (_, Ok(Conclusion::Erased)) => metrics::count(Count::ErasedOrders, 1),
            (_, Err(failure)) => {
                metrics::count(Count::Conflicts, usize::from(failure.code == code::CONFLICT));
            }
        }
    }

    async fn insert(&self, rows: &[&Attributes], budget: &Budget) -> Vec<Result<Insertion, Failure>> {
        let insert = async |rows: &[&Attributes]| self.ports.insert_batch(rows).await;
        let batches = rows.chunks(P::MAX_WRITES);
        let answers = self
            .calls(budget)
            .repeat_all(batches, IN_FLIGHT, MAX_ATTEMPTS, insert)
            .await;
        answers
            .into_iter()
            .map(classification::classify_insertion)
            .collect()
    }

    /// Reads the items of distinct orders.
    pub(super) async fn read(&self, ids: &[OrderId], budget: &Budget) -> HashMap<OrderId, Found> {
        let read = async |ids: &[OrderId]| Ok(match_rows(ids, self.ports.read_batch(ids).await?));
        let batches = ids.chunks(P::MAX_READS);
        let answers = self
            .calls(budget)
            .repeat_all(batches, IN_FLIGHT, MAX_ATTEMPTS, read)
            .await;
        ids.iter().copied().zip(answers).collect()
    }
}

/// The insertion of each order: the given ones are of those that did not come too late, in their order.
fn with_those_too_late(
    orders: &[Copies],
    insertions: Vec<Result<Insertion, Failure>>,
) -> Vec<Result<Insertion, Failure>> {
    let mut insertions = insertions.into_iter();
    let of_each = orders.iter().map(|copies| {
        if copies.first.comes_too_late {
            Ok(copies.first.insertion_without_insert())
        } else {
            insertions
                .next()
                .unwrap_or_else(|| Err(Failure::new(code::FORGOTTEN, "the order was not inserted")))
        }
    });
    of_each.collect()
}

/// The event of the order's row: of the copy's own row if that was inserted, otherwise of the stored one, unless the order was erased.
fn conclude(copy: &Prepared, insertion: Insertion, found: &Found) -> Result<Conclusion, Failure> {
    let row = match insertion {
        Insertion::Inserted => Box::new(copy.row.clone()),
        Insertion::Duplicate | Insertion::TooLate => {
            let stored = found.clone()?;
            if stored.is_none() && insertion == Insertion::TooLate {
                return Err(classification::expired(copy.row.accepted_at));
            }
            let stored = stored.map(|attributes| Stored::from_attributes(&attributes));
            match classification::compare_with_stored(stored, &copy.row)? {
                Stored::Order(row) => row,
                Stored::Erased(_) => return Ok(Conclusion::Erased),
            }
        }
    };
    Ok(Conclusion::Publish(Publication {
        event: OrderConfirmed::from(&*row).to_json(),
        event_type: EventType::Confirmed,
        group_id: copy.group_id.clone(),
        trace: row.trace,
    }))
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
