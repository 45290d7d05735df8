//! Groups a batch's records by their event: the copies of an event share one email and one outcome.

use std::collections::HashMap;

use function_runtime::panics::{self, Panicked};
use order_core::event::EventError;
use order_core::{EventType, OrderEvent, OrderId};
use queue_consumer::failure::{Failure, code};
use queue_consumer::record::Record;
use queue_consumer::results::Results;

use crate::email::digest::DigestItem;

/// An event of the batch, of which the shop may have to be notified.
pub struct Candidate {
    /// The event: that an order is confirmed, or that it is cancelled.
    pub event: OrderEvent,
    /// Its line in a digest, written here, where a panic fails this record alone.
    pub digest_item: DigestItem,
    /// The indices of the records that carry it.
    pub records: Vec<usize>,
}

impl Candidate {
    /// The order's id.
    #[must_use]
    pub fn order_id(&self) -> OrderId {
        self.event.order_id()
    }

    /// Sets the result of the order for each record that carries it.
    pub fn set(&self, results: &mut Results, result: &Result<(), Failure>) {
        results.set(&self.records, result);
    }
}

/// Reads every record's event. Returns the events in the order of the records, and sets the result of each record without one.
#[must_use]
pub fn gather(records: &[&Record], results: &mut Results) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut indices: HashMap<(OrderId, EventType), usize> = HashMap::new();
    for (record_index, record) in records.iter().enumerate() {
        match read(record) {
            Ok((event, digest_item)) => {
                let key = (event.order_id(), event.event_type());
                let index = *indices.entry(key).or_insert(candidates.len());
                match candidates.get_mut(index) {
                    Some(candidate) => candidate.records.push(record_index),
                    None => candidates.push(Candidate {
                        event,
                        digest_item,
                        records: vec![record_index],
                    }),
                }
            }
            Err(failure) => results.set(&[record_index], &Err(failure)),
        }
    }
    candidates
}

/// Reads one record's event. A panic fails this record alone.
fn read(record: &Record) -> Result<(OrderEvent, DigestItem), Failure> {
    let event = panics::catch(|| {
        // SQS accepts no message without a body.
        let event = OrderEvent::from_json(record.body.as_deref().unwrap_or_default())?;
        let digest_item = DigestItem::new(event.confirmed());
        Ok((event, digest_item))
    });
    event
        .map_err(|Panicked| Failure::panicked())?
        .map_err(|error: EventError| {
            let code = match error {
                EventError::Malformed(_) => code::MALFORMED_EVENT,
                EventError::UnknownVersion => code::UNKNOWN_VERSION,
                EventError::UnknownType => code::UNKNOWN_EVENT_TYPE,
            };
            Failure::new(code, error.to_string())
        })
}
