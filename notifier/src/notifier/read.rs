//! What must be known before an email is sent: which orders are new, and whether anybody reads it.

use std::sync::PoisonError;

use order_core::OrderId;

use super::outcomes::Outcomes;
use super::{Deadline, Notifier, SUBSCRIBER_BELIEVED_FOR, TIME_TO_CALL, TIME_TO_READ, TIME_TO_SETTLE};
use crate::backoff;
use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};
use crate::ports::{CallError, Ports, Rows};

/// How often a read is tried within an invocation.
const READ_ATTEMPTS: u32 = 4;

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
            let rest = candidates.split_off(candidates.len().min(P::MOST_READS));
            let chunk = std::mem::replace(&mut candidates, rest);
            let rows = self.read(chunk.iter().map(Candidate::order_id).collect()).await;
            for candidate in chunk {
                match rows.marked.get(&candidate.order_id()) {
                    Some(true) => outcomes.settle(&candidate, &Outcome::Done),
                    Some(false) => new.push(candidate),
                    None => outcomes.settle(&candidate, &absent(&rows, candidate.order_id())),
                }
            }
        }
        new
    }

    /// Reads a chunk of rows, coming back for what was not processed.
    async fn read(&self, orders: Vec<OrderId>) -> Rows {
        let mut rows = Rows {
            unprocessed: orders,
            ..Rows::default()
        };
        for attempt in 1..=READ_ATTEMPTS {
            match self.ports.read(&rows.unprocessed).await {
                Ok(read) => {
                    rows.marked.extend(read.marked);
                    rows.unprocessed = read.unprocessed;
                }
                Err(error) => tracing::warn!(attempt, %error, "rows could not be read"),
            }
            if rows.unprocessed.is_empty() {
                break;
            }
            if attempt < READ_ATTEMPTS {
                self.ports.sleep(backoff::call_delay(attempt, &self.chance)).await;
            }
        }
        rows
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
        let confirmed = self
            .ports
            .confirmed_subscribers()
            .await
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

/// Why an order is not among the rows.
fn absent(rows: &Rows, order: OrderId) -> Outcome {
    if rows.unprocessed.contains(&order) {
        Outcome::transient(ErrorCode::TableUnavailable, "the order's row could not be read")
    } else {
        Outcome::transient(ErrorCode::RowMissing, "the event's order has no row")
    }
}
