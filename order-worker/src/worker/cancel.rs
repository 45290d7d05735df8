//! Cancels orders.

use order_core::{EventType, OrderId, Timestamp};
use order_table::Stored;
use queue_consumer::budget::Budget;
use queue_consumer::failure::Failure;
use queue_consumer::results::Results;
use telemetry::metrics::{self, Count};

use super::confirm::Found;
use super::publish::Unpublished;
use super::record::{Cancelling, guarded};
use super::{IN_FLIGHT, MAX_ATTEMPTS, Worker};
use crate::classification;
use crate::ports::{Ports, Publication};

impl<P: Ports> Worker<P> {
    /// Marks the row of each order as cancelled, unless it is, and reads it: the event comes from the stored row, so that an event that is
    /// published again is identical to the first. A cancellation of an erased order is done. One whose order is not stored waits for it.
    pub(crate) async fn cancel(
        &self,
        cancellations: Vec<Cancelling>,
        budget: &Budget,
        results: &mut Results,
    ) -> Vec<Unpublished> {
        let cancelled_at = self.ports.now();
        let ids: Vec<OrderId> = cancellations
            .iter()
            .map(|cancelling| cancelling.order_id)
            .collect();
        let cancel = async |ids: &[OrderId]| self.ports.cancel_batch(ids, cancelled_at).await;
        let answers = self
            .calls(budget)
            .repeat_all(ids.chunks(P::MAX_WRITES), IN_FLIGHT, MAX_ATTEMPTS, cancel)
            .await;
        let to_read: Vec<OrderId> = ids
            .iter()
            .zip(&answers)
            .filter(|(_, answer)| answer.is_ok())
            .map(|(id, _)| *id)
            .collect();
        let mut found = self.read(&to_read, budget).await;

        let mut unpublished = Vec::with_capacity(cancellations.len());
        for (cancelling, answer) in cancellations.into_iter().zip(answers) {
            let Cancelling {
                order_id,
                indices,
                group_id,
            } = cancelling;
            let found = found.remove(&order_id).unwrap_or(Ok(None));
            let conclusion = answer
                .map_err(Failure::from)
                .and_then(|()| guarded(|| conclude(found, cancelled_at, group_id)));
            match conclusion {
                Ok(Some(publication)) => unpublished.push(Unpublished { publication, indices }),
                Ok(None) => {
                    tracing::info!(%order_id, "a cancellation of an erased order is done");
                    metrics::count(Count::ErasedOrders, indices.len());
                    results.set(&indices, &Ok(()));
                }
                Err(failure) => results.set(&indices, &Err(failure)),
            }
        }
        unpublished
    }
}

/// The event of the cancelled row. None if the order was erased.
fn conclude(
    found: Found,
    cancelled_at: Timestamp,
    group_id: Option<String>,
) -> Result<Option<Publication>, Failure> {
    let stored = found?.map(|attributes| Stored::from_attributes(&attributes));
    let Stored::Order(row) = classification::stored_to_cancel(stored)? else {
        return Ok(None);
    };
    // The order may have been stored between the two calls.
    let event = row
        .event(EventType::Cancelled)
        .ok_or_else(classification::order_missing)?;
    let is_new = row
        .cancellation
        .is_some_and(|cancellation| cancellation.cancelled_at == cancelled_at);
    metrics::count(Count::OrdersCancelled, usize::from(is_new));
    Ok(Some(Publication {
        event: event.to_json(),
        event_type: EventType::Cancelled,
        group_id,
        trace: row.trace,
    }))
}
