//! Groups a batch's records by order: the copies of an order share one email and one outcome.

use std::collections::HashMap;

use function_runtime::panics::{self, Panicked};
use order_core::event::EventError;
use order_core::{OrderConfirmed, OrderId};
use queue_consumer::record::Record;

use crate::email::digest::DigestItem;
use crate::outcome::{ErrorCode, Outcome};

/// An order of the batch, about which the shop may have to be notified.
pub struct Candidate {
    /// The event that it is confirmed.
    pub event: OrderConfirmed,
    /// Its line in a digest, written here, where a panic fails this record alone.
    pub digest_item: DigestItem,
    /// The indices of the records that carry it.
    pub records: Vec<usize>,
}

impl Candidate {
    /// The order's id.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        self.event.order_id
    }
}

/// Reads every record's event. Returns the orders in the order of the records, and the outcome of each record without one.
#[must_use]
pub fn gather(records: &[&Record]) -> (Vec<Candidate>, Vec<(usize, Outcome)>) {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut indices: HashMap<OrderId, usize> = HashMap::new();
    let mut outcomes = Vec::new();
    for (record_index, record) in records.iter().enumerate() {
        match read(record) {
            Ok((event, digest_item)) => {
                let index = *indices.entry(event.order_id).or_insert(candidates.len());
                match candidates.get_mut(index) {
                    Some(candidate) => candidate.records.push(record_index),
                    None => candidates.push(Candidate {
                        event,
                        digest_item,
                        records: vec![record_index],
                    }),
                }
            }
            Err(outcome) => outcomes.push((record_index, outcome)),
        }
    }
    (candidates, outcomes)
}

/// Reads one record's event. A panic fails this record alone.
fn read(record: &Record) -> Result<(OrderConfirmed, DigestItem), Outcome> {
    let event = panics::catch(|| {
        // SQS accepts no message without a body.
        let event = OrderConfirmed::from_json(record.body.as_deref().unwrap_or_default())?;
        let digest_item = DigestItem::new(&event);
        Ok((event, digest_item))
    });
    event
        .map_err(|Panicked| Outcome::transient(ErrorCode::Panicked, "reading the event panicked"))?
        .map_err(|error| unreadable(&error))
}

fn unreadable(error: &EventError) -> Outcome {
    let code = match error {
        EventError::Malformed(_) => ErrorCode::MalformedEvent,
        EventError::UnknownType => ErrorCode::UnknownEventType,
    };
    Outcome::permanent(code, error.to_string())
}
