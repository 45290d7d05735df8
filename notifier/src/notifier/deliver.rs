//! Sends one email, then marks the orders that it covers.

use std::time::Duration;

use function_runtime::CallError;
use function_runtime::batch_calls::BatchCalls;
use function_runtime::call_error::code::{NO_ANSWER, TIMED_OUT};
use order_core::{EventType, OrderEvent, OrderId};
use order_table::Notification;
use queue_consumer::budget::Budget;
use queue_consumer::failure::{Failure, code};
use telemetry::metrics::{self, Count, Measure};

use super::Notifier;
use crate::email::{Email, digest, order};
use crate::orders::Candidate;
use crate::pacer::Pacer;
use crate::ports::Ports;

/// Attempts to mark an order within an invocation. An order that is not marked is notified again.
const MARK_ATTEMPTS: u32 = 6;

/// Calls that mark in flight at once.
const MARKS_IN_FLIGHT: usize = 10;

/// Needed to begin an email of few orders: one attempt to send (3 s), and marks of which some need another attempt
/// ([`TIME_TO_MARK`]).
const TIME_TO_SEND: Duration = Duration::from_secs(7);

/// Needed for [`MARKS_IN_FLIGHT`] calls that mark, of which some need another attempt.
const TIME_TO_MARK: Duration = Duration::from_secs(4);

impl<P: Ports> Notifier<P> {
    /// Needed to begin an email of so many orders.
    fn time_to_send(orders: usize) -> Duration {
        let rounds = orders.div_ceil(P::MAX_MARKS * MARKS_IN_FLIGHT);
        let further = u32::try_from(rounds.saturating_sub(1)).unwrap_or(u32::MAX);
        TIME_TO_SEND.saturating_add(TIME_TO_MARK.saturating_mul(further))
    }

    /// Sends one email about the candidates, which are events of one type, and marks their orders. Returns their results, in their order. While the topic is
    /// away, the email is tried again at growing pauses, none shorter than the interval between emails.
    ///
    /// The marks follow each email at once and not the whole batch: a process that dies in between causes at most one second
    /// email. The next email has to wait for its turn anyway.
    pub(super) async fn deliver(
        &self,
        covered: &[Candidate],
        pacer: &Pacer,
        budget: &Budget,
    ) -> Vec<Result<(), Failure>> {
        let needed = Self::time_to_send(covered.len()) + pacer.interval();
        let calls = BatchCalls {
            deadline: budget.work().leaving(needed),
            ..self.calls(budget)
        };
        let publish = async |_: &[()]| {
            pacer.wait(&self.ports).await;
            let id = self.notification_id();
            match self.ports.publish(&compose(covered, &id)).await {
                // SNS may have sent it, and may be slow for long: no further attempt in this invocation.
                Err(error) if error.code == TIMED_OUT => Ok(vec![Ok(Err(error))]),
                sent => sent.map(|()| vec![Ok(Ok(id))]),
            }
        };
        let answer = calls.repeat(&[()], 1, publish).await.pop();
        let answer = answer.unwrap_or_else(|| Err(CallError::new(NO_ANSWER)));
        let id = match answer.flatten() {
            Ok(id) => id,
            Err(error) => return vec![Err(Failure::of_call(code::EMAIL_FAILED, &error)); covered.len()],
        };
        // The rows of the orders have the id too. At `info` a line for each email would cost more than all the rest of notifier.
        tracing::debug!(notification_id = %id, orders = covered.len(), "email {id} was sent");
        let mark = Notification {
            id,
            notified_at: self.ports.now(),
        };
        metrics::count(Count::EmailsSent, 1);
        if covered.len() > 1 {
            metrics::record_size(Measure::DigestSize, covered.len());
        }
        for candidate in covered {
            // A cancellation is asked for at any time after the order.
            if let OrderEvent::Confirmed(event) = &candidate.event {
                let accepted = event.accepted_at.unix_milliseconds();
                let now = mark.notified_at.unix_milliseconds();
                metrics::record_age(Measure::AgeAtNotification, accepted, now);
            }
        }
        let about = about(covered);
        let orders: Vec<OrderId> = covered.iter().map(Candidate::order_id).collect();
        let batches = orders.chunks(P::MAX_MARKS);
        let mark = async |orders: &[OrderId]| self.ports.mark(orders, about, &mark).await;
        let calls = BatchCalls {
            deadline: budget.work().leaving(Duration::ZERO),
            ..calls
        };
        let answers = calls
            .repeat_all(batches, MARKS_IN_FLIGHT, MARK_ATTEMPTS, mark)
            .await;
        let marked = answers.iter().filter(|answer| answer.is_ok());
        if about == EventType::Confirmed {
            metrics::count(Count::OrdersNotified, marked.count());
        }
        let classify = |error: CallError| {
            // The failure of an outage is also that of the emails that are not sent because of it.
            let code = if error.is_outage {
                code::TABLE_UNAVAILABLE
            } else {
                code::MARK_FAILED
            };
            Failure::of_call(code, &error)
        };
        answers
            .into_iter()
            .map(|answer| answer.map_err(classify))
            .collect()
    }

    /// A UUID of version 7, from the clock and the random number generator.
    fn notification_id(&self) -> String {
        let milliseconds = u64::try_from(self.ports.now().unix_milliseconds()).unwrap_or_default();
        let mut random = [0; 10];
        self.consumer.rng.draw(|rng| rng.fill(&mut random));
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random)
            .into_uuid()
            .to_string()
    }
}

/// The type of the events.
fn about(covered: &[Candidate]) -> EventType {
    covered
        .first()
        .map_or(EventType::Confirmed, |candidate| candidate.event.event_type())
}

fn compose(covered: &[Candidate], notification_id: &str) -> Email {
    if let [candidate] = covered {
        return order::email(&candidate.event, notification_id);
    }
    let items: Vec<_> = covered.iter().map(|candidate| &candidate.digest_item).collect();
    digest::email(&items, about(covered), notification_id)
}
