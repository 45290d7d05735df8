//! Sends one email, then marks the orders that it covers.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use order_core::OrderId;
use order_core::row::Notification;
use queue_consumer::call::{Panicked, caught};

use super::{Deadline, Notifier, TIME_TO_SETTLE};
use crate::backoff;
use crate::email::{digest, order};
use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};
use crate::ports::{CallError, Marking, Ports};

/// How often a mark is tried within an invocation: an order whose mark fails is told of again.
const MARK_ATTEMPTS: u32 = 6;

/// Calls that mark in flight at once.
const MARKS_IN_FLIGHT: usize = 10;

/// Time that an invocation must have left for an email of few orders to be begun: an attempt to send (3 s), marks that
/// need a repeat ([`TIME_TO_MARK`]), and [`TIME_TO_SETTLE`].
const TIME_TO_SEND: Duration = Duration::from_secs(10);

/// Time that as many calls as are in flight at once need where some need a repeat.
const TIME_TO_MARK: Duration = Duration::from_secs(4);

impl<P: Ports> Notifier<P> {
    /// Time that an invocation must have left for an email of so many orders to be begun.
    pub(super) fn time_to_send(orders: usize) -> Duration {
        let rounds = orders.div_ceil(P::MAX_MARKS * MARKS_IN_FLIGHT);
        let further = u32::try_from(rounds.saturating_sub(1)).unwrap_or(u32::MAX);
        TIME_TO_SEND.saturating_add(TIME_TO_MARK.saturating_mul(further))
    }

    /// The candidates' outcomes, in their order.
    ///
    /// The marks follow each email at once, not the whole batch: a process that dies between doubles one email at most,
    /// and the time is spent anyway, waiting for the next email's turn.
    pub(super) async fn deliver(&self, covered: &[Candidate], deadline: Deadline) -> Vec<Outcome> {
        let notification_id = self.notification_id();
        let email = match covered {
            [candidate] => order::email(&candidate.event, &notification_id),
            _ => digest::email(
                &covered
                    .iter()
                    .map(|candidate| &candidate.entry)
                    .collect::<Vec<_>>(),
                &notification_id,
            ),
        };
        if let Err(error) = self.ports.publish(&email).await {
            return vec![Outcome::transient(ErrorCode::EmailFailed, error.to_string()); covered.len()];
        }
        tracing::info!(%notification_id, orders = covered.len(), "email {notification_id} was sent");
        let mark = Notification {
            id: notification_id,
            notified_at: self.ports.now(),
        };
        let mark = &mark;
        stream::iter(covered.chunks(P::MAX_MARKS))
            .map(async |chunk| {
                let orders: Vec<OrderId> = chunk.iter().map(Candidate::order_id).collect();
                self.mark_all(&orders, mark, deadline).await
            })
            .buffered(MARKS_IN_FLIGHT)
            .collect::<Vec<_>>()
            .await
            .concat()
    }

    /// Marks a chunk of orders, repeating what fails while there is time. After a panic each order is marked by itself, so
    /// that the one at fault fails alone.
    async fn mark_all(&self, orders: &[OrderId], mark: &Notification, deadline: Deadline) -> Vec<Outcome> {
        let mut outcomes =
            vec![
                Outcome::transient(ErrorCode::MarkFailed, "no time was left to mark the order");
                orders.len()
            ];
        let mut waiting: Vec<usize> = (0..orders.len()).collect();
        let mut orders_per_call = P::MAX_MARKS;
        let mut pause = Duration::ZERO;
        for attempt in 1..=MARK_ATTEMPTS {
            if !deadline.allows(&self.ports, pause + TIME_TO_SETTLE) {
                break;
            }
            if attempt > 1 {
                self.ports.sleep(pause).await;
            }
            for places in waiting.chunks(orders_per_call) {
                if !deadline.allows(&self.ports, TIME_TO_SETTLE) {
                    break;
                }
                let ids: Vec<OrderId> = places.iter().map(|&place| orders[place]).collect();
                let marked = caught(self.ports.mark(&ids, mark)).await;
                if marked.is_err() {
                    tracing::error!(attempt, orders = ids.len(), "marking orders panicked");
                    orders_per_call = 1;
                }
                for (&place, outcome) in places.iter().zip(marked_outcomes(marked, ids.len())) {
                    outcomes[place] = outcome;
                }
            }
            waiting.retain(|&place| outcomes[place] != Outcome::Done);
            if waiting.is_empty() {
                break;
            }
            pause = backoff::call_delay(attempt, &self.chance);
        }
        outcomes
    }

    /// A UUID of version 7, from the clock and the generator.
    fn notification_id(&self) -> String {
        let milliseconds = u64::try_from(self.ports.now().unix_milliseconds()).unwrap_or_default();
        let mut random = [0; 10];
        self.chance.draw(|rng| rng.fill(&mut random));
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random)
            .into_uuid()
            .to_string()
    }
}

/// The outcomes of the orders of one call that marks, in their order.
fn marked_outcomes(marked: Result<Result<Vec<Marking>, CallError>, Panicked>, orders: usize) -> Vec<Outcome> {
    let failed = |reason: String| Outcome::transient(ErrorCode::MarkFailed, reason);
    match marked {
        Ok(Ok(markings)) => markings
            .into_iter()
            .map(|marking| match marking {
                Marking::Marked => Outcome::Done,
                Marking::Failed(reason) => failed(reason),
            })
            .collect(),
        Ok(Err(error)) => vec![failed(error.to_string()); orders],
        Err(Panicked) => {
            vec![Outcome::transient(ErrorCode::Panicked, "marking the order panicked"); orders]
        }
    }
}
