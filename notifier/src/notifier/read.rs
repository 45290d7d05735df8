//! The reads before an email: which orders are not marked, and whether the topic has a subscriber.

use std::sync::PoisonError;
use std::time::Duration;

use function_runtime::batch_calls::{Attempts, BatchCalls};
use function_runtime::call_error::code;
use function_runtime::panics::{Panicked, catch_async};
use function_runtime::{Answers, CallDeadline, CallError, Deadline};
use order_core::OrderId;

use super::Notifier;
use super::outcomes::Outcomes;
use super::times::{BACKOFF, TIME_TO_CALL, TIME_TO_READ, TIME_TO_SETTLE};
use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};
use crate::ports::Ports;

/// Attempts to read a row within an invocation.
const READ_ATTEMPTS: u32 = 4;

/// How long a confirmed subscriber is not checked again.
const SUBSCRIBER_VALID_FOR: Duration = Duration::from_mins(1);

impl<P: Ports> Notifier<P> {
    /// The candidates whose rows are not marked. Sets the outcomes of the others, except those that no time was left for.
    pub(super) async fn unmarked(
        &self,
        candidates: Vec<Candidate>,
        deadline: Deadline,
        outcomes: &mut Outcomes,
    ) -> Vec<Candidate> {
        let mut candidates = candidates;
        let mut new = Vec::with_capacity(candidates.len());
        // The caller checked that there is time for the first read.
        let mut is_first = true;
        while !candidates.is_empty() && (is_first || deadline.allows(&self.ports, TIME_TO_READ)) {
            is_first = false;
            let rest = candidates.split_off(candidates.len().min(P::MAX_READS));
            let chunk = std::mem::replace(&mut candidates, rest);
            let orders: Vec<OrderId> = chunk.iter().map(Candidate::order_id).collect();
            for (candidate, is_marked) in chunk.into_iter().zip(self.read(&orders, deadline).await) {
                match is_marked {
                    Ok(Some(true)) => outcomes.set_order(&candidate, &Outcome::Done),
                    Ok(Some(false)) => new.push(candidate),
                    Ok(None) => outcomes.set_order(&candidate, &row_missing()),
                    Err(error) => outcomes.set_order(&candidate, &classify_read(&error)),
                }
            }
        }
        new
    }

    /// Whether each order is marked; none for an order without a row.
    async fn read(&self, orders: &[OrderId], deadline: Deadline) -> Vec<Result<Option<bool>, CallError>> {
        let calls = BatchCalls {
            clock: &self.ports,
            deadline: CallDeadline::until(deadline.less(TIME_TO_CALL + TIME_TO_SETTLE)),
            one_may_be_at_fault: |error| error.code == code::PANICKED,
        };
        let attempts = Attempts {
            max: READ_ATTEMPTS,
            backoff: BACKOFF,
            rng: &self.rng,
            is_worth_another: |_| true,
        };
        calls
            .repeat(orders, &attempts, async |orders: &[OrderId]| {
                self.read_once(orders).await
            })
            .await
    }

    async fn read_once(&self, orders: &[OrderId]) -> Answers<Option<bool>> {
        let rows = self.ports.read(orders).await;
        let rows = rows.inspect_err(|error| tracing::warn!(%error, "rows could not be read"))?;
        let answer = |order| {
            if rows.unprocessed.contains(order) {
                Err(CallError::new("unprocessed"))
            } else {
                Ok(rows.marked.get(order).copied())
            }
        };
        Ok(orders.iter().map(answer).collect())
    }

    /// Checks that an email reaches somebody: SNS accepts an email for a topic without subscribers, and drops it.
    pub(super) async fn check_subscriber(&self, deadline: Deadline) -> Result<(), Outcome> {
        let now = self.ports.monotonic();
        let seen = *self
            .subscriber_seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if seen.is_some_and(|seen| now.saturating_sub(seen) < SUBSCRIBER_VALID_FOR) {
            return Ok(());
        }
        if !deadline.allows(&self.ports, TIME_TO_CALL + TIME_TO_SETTLE) {
            return Err(Outcome::transient(
                ErrorCode::OutOfTime,
                "the invocation had no time left to check for subscribers",
            ));
        }
        let confirmed = catch_async(self.ports.confirmed_subscribers())
            .await
            .map_err(|Panicked| Outcome::transient(ErrorCode::Panicked, "checking for subscribers panicked"))?
            .map_err(|error| {
                let detail = format!("checking for subscribers failed: {error}");
                Outcome::transient(ErrorCode::TopicUnavailable, detail)
            })?;
        if confirmed == 0 && !self.settings.emails_wanted {
            return Err(Outcome::Done);
        }
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

fn row_missing() -> Outcome {
    Outcome::transient(ErrorCode::RowMissing, "the event's order has no row")
}

fn classify_read(error: &CallError) -> Outcome {
    match &*error.code {
        code::PANICKED => Outcome::transient(ErrorCode::Panicked, "reading the order's row panicked"),
        code::OUT_OF_TIME => {
            Outcome::transient(ErrorCode::OutOfTime, "no time was left to read the order's row")
        }
        _ => Outcome::transient(
            ErrorCode::TableUnavailable,
            format!("the order's row could not be read: {error}"),
        ),
    }
}
