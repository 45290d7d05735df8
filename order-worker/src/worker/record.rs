//! One record's way through an invocation.

use std::collections::HashMap;

use function_runtime::panics::{self, Panicked};
use order_core::{OrderId, QueueMessage, Timestamp, Trace};
use order_table::{Attributes, OrderRow, Retention};
use queue_consumer::failure::{Failure, code};
use queue_consumer::record::Record;

use crate::classification::{self, Insertion};

/// A decoded record.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// It holds an order.
    Order(Box<Prepared>),
    /// It asks to cancel an order.
    Cancellation(Cancelling),
}

/// The records of a batch that ask to cancel one order.
#[derive(Debug)]
pub(crate) struct Cancelling {
    /// The order.
    pub(crate) order_id: OrderId,
    /// The records' indices in the batch.
    pub(crate) indices: Vec<usize>,
    /// The message group of the first of them.
    pub(crate) group_id: Option<String>,
}

/// A decoded record with an order, and the row of the order.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The record's index in the batch.
    pub(crate) index: usize,
    /// The row.
    pub(crate) row: OrderRow,
    /// Its attributes.
    pub(crate) attributes: Attributes,
    /// Whether the row of its order may have been deleted, because its retention is over: then it is compared, and never inserted.
    pub(crate) comes_too_late: bool,
    /// The message group of the record.
    pub(crate) group_id: Option<String>,
}

impl Prepared {
    /// How it stands with a record that is not inserted: a further copy of its order, or one that comes too late.
    pub(crate) fn insertion_without_insert(&self) -> Insertion {
        if self.comes_too_late {
            Insertion::TooLate
        } else {
            Insertion::Duplicate
        }
    }
}

/// The records of a batch that carry one order id.
#[derive(Debug)]
pub(crate) struct Copies {
    /// The first one, which is inserted.
    pub(crate) first: Prepared,
    /// Further ones, which are compared with the stored row.
    pub(crate) rest: Vec<Prepared>,
}

/// Runs work on one record that makes no call. A panic in it fails that record alone.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    panics::catch(work).unwrap_or_else(|Panicked| Err(Failure::panicked()))
}

/// Decodes a record. Builds the row of an order.
pub(crate) fn decode(
    record: &Record,
    index: usize,
    confirmed_at: Timestamp,
    retention: Retention,
) -> Result<Decoded, Failure> {
    if record.message_id.is_none() {
        return Err(Failure::new(code::MALFORMED, "the record has no messageId"));
    }
    let body = record.body.as_deref();
    let body = body.ok_or_else(|| Failure::new(code::MALFORMED, "the record has no body"))?;
    let message = QueueMessage::from_json(body).map_err(|error| classification::classify_message(&error))?;
    let message = match message {
        QueueMessage::Order(message) => *message,
        QueueMessage::Cancellation(cancellation) => {
            return Ok(Decoded::Cancellation(Cancelling {
                order_id: cancellation.order_id,
                indices: vec![index],
                group_id: record.group_id.clone(),
            }));
        }
    };
    let trace = record.trace_header.as_deref().and_then(Trace::from_xray);
    let row = OrderRow::confirmed(message, confirmed_at).with_trace(trace);
    Ok(Decoded::Order(Box::new(Prepared {
        index,
        comes_too_late: retention.is_over(row.accepted_at, confirmed_at),
        attributes: row.to_expiring_attributes(retention),
        row,
        group_id: record.group_id.clone(),
    })))
}

/// Groups cancellations by order, in the order of their first copies.
pub(crate) fn group_cancellations(cancellations: Vec<Cancelling>) -> Vec<Cancelling> {
    by_order(
        cancellations,
        |cancelling| cancelling.order_id,
        |first| first,
        |first, further| first.indices.extend(further.indices),
    )
}

/// Groups records by order, in the order of their first copies.
pub(crate) fn group(records: Vec<Prepared>) -> Vec<Copies> {
    by_order(
        records,
        |record| record.row.order_id,
        |first| Copies {
            first,
            rest: Vec::new(),
        },
        |copies, further| copies.rest.push(further),
    )
}

/// Groups what has an order, in the order of the first of each: `begin` makes its group, and `add` adds each further one.
fn by_order<T, G>(
    all: Vec<T>,
    order_id: impl Fn(&T) -> OrderId,
    begin: impl Fn(T) -> G,
    add: impl Fn(&mut G, T),
) -> Vec<G> {
    let mut groups: Vec<G> = Vec::new();
    let mut indices: HashMap<OrderId, usize> = HashMap::new();
    for one in all {
        let index = *indices.entry(order_id(&one)).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => add(group, one),
            None => groups.push(begin(one)),
        }
    }
    groups
}
