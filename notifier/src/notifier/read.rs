//! What must be known before an email is sent: which orders are new, and whether anybody reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use order_core::OrderId;
use queue_consumer::call::{Panicked, caught};

use super::outcomes::Outcomes;
use super::{Deadline, Notifier, SUBSCRIBER_BELIEVED_FOR, TIME_TO_CALL, TIME_TO_READ, TIME_TO_SETTLE};
use crate::backoff;
use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};
use crate::ports::{CallError, Ports};

/// How often a read is tried within an invocation.
const READ_ATTEMPTS: u32 = 4;

/// What was found out about a chunk of orders.
#[derive(Default)]
struct Reading {
    /// The orders that have a row, and whether it is marked as notified.
    marked: BTreeMap<OrderId, bool>,
    /// The orders whose rows could not be read.
    unread: Vec<OrderId>,
    /// Those of them on which reading alone has panicked.
    panicked: BTreeSet<OrderId>,
}

impl<P: Ports> Notifier<P> {
    /// The candidates whose rows are not marked. The others' outcomes are set, but for those that there was no time to
    /// come to.
    pub(super) async fn unmarked(
        &self,
        candidates: Vec<Candidate>,
        deadline: Deadline,
        outcomes: &mut Outcomes,
    ) -> Vec<Candidate> {
        let mut candidates = candidates;
        let mut new = Vec::with_capacity(candidates.len());
        // That there is time for the first read was seen to before.
        let mut is_first = true;
        while !candidates.is_empty() && (is_first || deadline.allows(&self.ports, TIME_TO_READ)) {
            is_first = false;
            let rest = candidates.split_off(candidates.len().min(P::MAX_READS));
            let chunk = std::mem::replace(&mut candidates, rest);
            let orders = chunk.iter().map(Candidate::order_id).collect();
            let reading = self.read(orders, deadline).await;
            for candidate in chunk {
                match reading.marked.get(&candidate.order_id()) {
                    Some(true) => outcomes.settle(&candidate, &Outcome::Done),
                    Some(false) => new.push(candidate),
                    None => outcomes.settle(&candidate, &reading.absent(candidate.order_id())),
                }
            }
        }
        new
    }

    /// Reads a chunk of rows, coming back for what was not processed. After a panic each order is read by itself, so that
    /// the one at fault fails alone.
    async fn read(&self, orders: Vec<OrderId>, deadline: Deadline) -> Reading {
        let mut reading = Reading {
            unread: orders,
            ..Reading::default()
        };
        let mut orders_per_call = P::MAX_READS;
        let mut pause = Duration::ZERO;
        for attempt in 1..=READ_ATTEMPTS {
            if attempt > 1 {
                if !deadline.allows(&self.ports, pause + TIME_TO_CALL + TIME_TO_SETTLE) {
                    break;
                }
                self.ports.sleep(pause).await;
            }
            let orders = std::mem::take(&mut reading.unread);
            for (place, chunk) in orders.chunks(orders_per_call).enumerate() {
                // That there is time for the attempt's first call was seen to before.
                if place > 0 && !deadline.allows(&self.ports, TIME_TO_CALL + TIME_TO_SETTLE) {
                    reading.unread.extend(chunk);
                    continue;
                }
                match caught(self.ports.read(chunk)).await {
                    Ok(Ok(rows)) => {
                        reading.marked.extend(rows.marked);
                        reading.unread.extend(rows.unprocessed);
                    }
                    Ok(Err(error)) => {
                        tracing::warn!(attempt, %error, "rows could not be read");
                        reading.unread.extend(chunk);
                    }
                    Err(Panicked) => {
                        tracing::error!(attempt, orders = chunk.len(), "reading rows panicked");
                        orders_per_call = 1;
                        reading.unread.extend(chunk);
                        if let [order] = chunk {
                            reading.panicked.insert(*order);
                        }
                    }
                }
            }
            if reading.unread.is_empty() {
                break;
            }
            pause = backoff::call_delay(attempt, &self.chance);
        }
        reading
    }

    /// Makes sure that an email reaches somebody: SNS accepts one for a topic without subscribers, and drops it.
    pub(super) async fn subscriber(&self, deadline: Deadline) -> Result<(), Outcome> {
        let now = self.ports.monotonic();
        let seen = *self
            .subscriber_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if seen.is_some_and(|seen| now.saturating_sub(seen) < SUBSCRIBER_BELIEVED_FOR) {
            return Ok(());
        }
        if !deadline.allows(&self.ports, TIME_TO_CALL + TIME_TO_SETTLE) {
            return Err(Outcome::transient(
                ErrorCode::OutOfTime,
                "the invocation had no time left to look for subscribers",
            ));
        }
        let confirmed = caught(self.ports.confirmed_subscribers())
            .await
            .map_err(|Panicked| Outcome::transient(ErrorCode::Panicked, "looking for subscribers panicked"))?
            .map_err(|error: CallError| Outcome::transient(ErrorCode::TopicUnavailable, error.to_string()))?;
        if confirmed == 0 {
            return Err(Outcome::transient(
                ErrorCode::NoSubscriber,
                "nobody has confirmed a subscription to the topic of emails",
            ));
        }
        *self
            .subscriber_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(())
    }
}

impl Reading {
    /// Why an order is not among the rows.
    fn absent(&self, order: OrderId) -> Outcome {
        if !self.unread.contains(&order) {
            Outcome::transient(ErrorCode::RowMissing, "the event's order has no row")
        } else if self.panicked.contains(&order) {
            Outcome::transient(ErrorCode::Panicked, "reading the order's row panicked")
        } else {
            Outcome::transient(ErrorCode::TableUnavailable, "the order's row could not be read")
        }
    }
}
