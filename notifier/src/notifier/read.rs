//! The reads before an email: which orders are not marked, and whether the topic has a subscriber.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use function_runtime::{Answers, CallError};
use order_core::{EventType, OrderId};
use queue_consumer::budget::Budget;
use queue_consumer::failure::{Failure, code};
use queue_consumer::results::Results;
use telemetry::metrics::{self, Count, Measure};

use super::Notifier;
use crate::orders::Candidate;
use crate::ports::{Ports, RowState};

/// Attempts to read a row within an invocation.
const READ_ATTEMPTS: u32 = 4;

/// How long a confirmed subscriber is not checked again.
const SUBSCRIBER_VALID_FOR: Duration = Duration::from_mins(1);

impl<P: Ports> Notifier<P> {
    /// The candidates whose rows are not marked. No email is sent about an erased order, nor that a cancelled order is confirmed: their
    /// messages are done. Sets the results of the others.
    ///
    /// At most one event of an order is left, because the state of its row asks for one email at most.
    pub(super) async fn unmarked(
        &self,
        candidates: Vec<Candidate>,
        budget: &Budget,
        results: &mut Results,
    ) -> Vec<Candidate> {
        // DynamoDB refuses a read with a key twice.
        let orders: BTreeSet<OrderId> = candidates.iter().map(Candidate::order_id).collect();
        let orders = Vec::from_iter(orders);
        let read = async |orders: &[OrderId]| self.read(orders).await;
        let batches = orders.chunks(P::MAX_READS);
        let answers = self
            .calls(budget)
            .repeat_all(batches, 1, READ_ATTEMPTS, read)
            .await;
        let states: HashMap<OrderId, _> = orders.iter().copied().zip(answers).collect();
        let mut unmarked = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let state = states.get(&candidate.order_id()).cloned().unwrap_or(Ok(None));
            let result = match (candidate.event.event_type(), state) {
                (_, Ok(Some(RowState::Erased))) => {
                    let order_id = candidate.order_id();
                    tracing::info!(%order_id, "an event of an erased order is done");
                    metrics::count(Count::ErasedOrders, candidate.records.len());
                    Ok(())
                }
                (EventType::Confirmed, Ok(Some(RowState::Unmarked)))
                | (EventType::Cancelled, Ok(Some(RowState::Cancelled))) => {
                    unmarked.push(candidate);
                    continue;
                }
                (EventType::Confirmed, Ok(Some(RowState::Marked)))
                | (EventType::Cancelled, Ok(Some(RowState::CancellationMarked))) => Ok(()),
                (EventType::Confirmed, Ok(Some(RowState::Cancelled | RowState::CancellationMarked))) => {
                    let order_id = candidate.order_id();
                    tracing::info!(%order_id, "an event that a cancelled order is confirmed is done");
                    Ok(())
                }
                (EventType::Cancelled, Ok(Some(RowState::Unmarked | RowState::Marked))) => Err(Failure::new(
                    code::ROW_MISSING,
                    "the event's order has no cancelled row",
                )),
                (_, Ok(None)) => Err(Failure::new(code::ROW_MISSING, "the event's order has no row")),
                (_, Err(error)) => Err(Failure::of_call(code::TABLE_UNAVAILABLE, &error)),
            };
            candidate.set(results, &result);
        }
        unmarked
    }

    /// The state of each order in the table; none for an order that it does not know.
    async fn read(&self, orders: &[OrderId]) -> Answers<Option<RowState>> {
        let rows = self.ports.read(orders).await?;
        let answer = |order| {
            if rows.unprocessed.contains(order) {
                Err(CallError::new(code::UNPROCESSED))
            } else {
                Ok(rows.states.get(order).copied())
            }
        };
        Ok(orders.iter().map(answer).collect())
    }

    /// Checks that an email reaches somebody: SNS accepts an email for a topic without subscribers, and drops it. Waits for a
    /// subscriber while there is time, unless the shop wants no emails: then false says that nobody is subscribed.
    pub(super) async fn check_subscriber(&self, budget: &Budget) -> Result<bool, Failure> {
        let now = self.ports.monotonic();
        let seen = self.subscriber_seen.get();
        if seen.is_some_and(|seen| now.saturating_sub(seen) < SUBSCRIBER_VALID_FOR) {
            return Ok(true);
        }
        let check = async |_: &[()]| {
            let subscribers = self.ports.subscribers().await?;
            if self.settings.emails_wanted {
                metrics::record_size(Measure::ShopUnsubscribed, subscribers.is_shop_missing.into());
            }
            match subscribers.any_confirmed {
                false if self.settings.emails_wanted => Ok(vec![Err(CallError::new(code::NO_SUBSCRIBER))]),
                is_subscribed => Ok(vec![Ok(is_subscribed)]),
            }
        };
        let answer = self.calls(budget).repeat(&[()], 1, check).await.pop();
        let none = Err(CallError::new(code::NO_SUBSCRIBER));
        let is_subscribed = answer.unwrap_or(none).map_err(|error| {
            let code = match &*error.code {
                code::NO_SUBSCRIBER => code::NO_SUBSCRIBER,
                _ => code::TOPIC_UNAVAILABLE,
            };
            Failure::of_call(code, &error)
        })?;
        if is_subscribed {
            self.subscriber_seen.set(Some(self.ports.monotonic()));
        }
        Ok(is_subscribed)
    }
}
