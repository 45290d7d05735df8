//! Gathers a batch's records by order: copies of one order share one email and one outcome.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use order_core::event::EventError;
use order_core::{OrderConfirmed, OrderId};
use queue_consumer::record::Record;

use crate::email::digest::Entry;
use crate::outcome::{ErrorCode, Outcome};

/// An order of the batch that may have to be told of.
pub struct Candidate {
    /// What was confirmed.
    pub event: OrderConfirmed,
    /// Its line in a digest, worded here, where a panic fails this record alone.
    pub entry: Entry,
    /// The records that carry it, by their places in the batch.
    pub records: Vec<usize>,
}

impl Candidate {
    /// The order's id.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        self.event.order_id
    }
}

/// Reads every record's event. Gives the orders in the order of arrival, and the outcome of each record that holds none.
#[must_use]
pub fn gather(records: &[&Record]) -> (Vec<Candidate>, Vec<(usize, Outcome)>) {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut places: HashMap<OrderId, usize> = HashMap::new();
    let mut outcomes = Vec::new();
    for (index, record) in records.iter().enumerate() {
        // Nothing outlives the closure, so nothing can be left half changed.
        let read = catch_unwind(AssertUnwindSafe(|| {
            // SQS allows no message without a body.
            let body = record.body.as_deref().unwrap_or_default();
            OrderConfirmed::from_json(body).map(|event| (Entry::of(&event), event))
        }));
        match read {
            Ok(Ok((entry, event))) => {
                if let Some(&place) = places.get(&event.order_id) {
                    candidates[place].records.push(index);
                } else {
                    places.insert(event.order_id, candidates.len());
                    candidates.push(Candidate {
                        event,
                        entry,
                        records: vec![index],
                    });
                }
            }
            Ok(Err(error)) => outcomes.push((index, refusal(&error))),
            Err(_) => outcomes.push((
                index,
                Outcome::transient(ErrorCode::Panicked, "reading the event panicked"),
            )),
        }
    }
    (candidates, outcomes)
}

fn refusal(error: &EventError) -> Outcome {
    let code = match error {
        EventError::Malformed(_) => ErrorCode::MalformedEvent,
        EventError::UnknownType => ErrorCode::UnknownEventType,
    };
    Outcome::permanent(code, error.to_string())
}
