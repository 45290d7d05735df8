//! Sends one email, then marks the orders that it covers.

use std::time::Duration;

use function_runtime::batch_calls::{Attempts, BatchCalls};
use function_runtime::call_error::code;
use function_runtime::panics::{Panicked, catch_async};
use function_runtime::{CallDeadline, CallError, Deadline};
use order_core::OrderId;
use order_table::Notification;

use super::Notifier;
use super::times::{BACKOFF, TIME_TO_SETTLE};
use crate::email::{Email, digest, order};
use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};
use crate::ports::Ports;

/// Attempts to mark an order within an invocation. An order that is not marked is notified again.
const MARK_ATTEMPTS: u32 = 6;

/// Calls that mark in flight at once.
const MARKS_IN_FLIGHT: usize = 10;

/// Needed to begin an email of few orders: one attempt to send (3 s), marks of which some need another attempt
/// ([`TIME_TO_MARK`]), and [`TIME_TO_SETTLE`].
const TIME_TO_SEND: Duration = Duration::from_secs(10);

/// Needed for [`MARKS_IN_FLIGHT`] calls that mark, of which some need another attempt.
const TIME_TO_MARK: Duration = Duration::from_secs(4);

impl<P: Ports> Notifier<P> {
    /// Needed to begin an email of so many orders.
    pub(super) fn time_to_send(orders: usize) -> Duration {
        let rounds = orders.div_ceil(P::MAX_MARKS * MARKS_IN_FLIGHT);
        let further = u32::try_from(rounds.saturating_sub(1)).unwrap_or(u32::MAX);
        TIME_TO_SEND.saturating_add(TIME_TO_MARK.saturating_mul(further))
    }

    /// Sends one email about the candidates and marks their orders. Returns their outcomes, in their order.
    ///
    /// The marks follow each email at once and not the whole batch: a process that dies in between causes at most one second
    /// email. The next email has to wait for its turn anyway.
    pub(super) async fn deliver(&self, covered: &[Candidate], deadline: Deadline) -> Vec<Outcome> {
        let notification_id = self.notification_id();
        let send = async {
            let email = compose(covered, &notification_id);
            self.ports.publish(&email).await
        };
        if let Err(outcome) = classify_send(catch_async(send).await) {
            return vec![outcome; covered.len()];
        }
        tracing::info!(%notification_id, orders = covered.len(), "email {notification_id} was sent");
        let mark = Notification {
            id: notification_id,
            notified_at: self.ports.now(),
        };
        let orders: Vec<OrderId> = covered.iter().map(Candidate::order_id).collect();
        self.mark(&orders, &mark, deadline).await
    }

    async fn mark(&self, orders: &[OrderId], mark: &Notification, deadline: Deadline) -> Vec<Outcome> {
        let calls = BatchCalls {
            clock: &self.ports,
            deadline: CallDeadline::until(deadline.less(TIME_TO_SETTLE)),
            one_may_be_at_fault: |error| error.code == code::PANICKED,
        };
        let attempts = Attempts {
            max: MARK_ATTEMPTS,
            backoff: BACKOFF,
            rng: &self.rng,
            is_worth_another: |_| true,
        };
        let batches = orders.chunks(P::MAX_MARKS);
        let mark = async |orders: &[OrderId]| self.ports.mark(orders, mark).await;
        let answers = calls.repeat_all(batches, MARKS_IN_FLIGHT, &attempts, mark).await;
        answers.into_iter().map(classify_mark).collect()
    }

    /// A UUID of version 7, from the clock and the random number generator.
    fn notification_id(&self) -> String {
        let milliseconds = u64::try_from(self.ports.now().unix_milliseconds()).unwrap_or_default();
        let mut random = [0; 10];
        self.rng.draw(|rng| rng.fill(&mut random));
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random)
            .into_uuid()
            .to_string()
    }
}

fn compose(covered: &[Candidate], notification_id: &str) -> Email {
    if let [candidate] = covered {
        return order::email(&candidate.event, notification_id);
    }
    let items: Vec<_> = covered.iter().map(|candidate| &candidate.digest_item).collect();
    digest::email(&items, notification_id)
}

fn classify_send(sent: Result<Result<(), CallError>, Panicked>) -> Result<(), Outcome> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let detail = format!("publishing the email failed: {error}");
            Err(Outcome::transient(ErrorCode::EmailFailed, detail))
        }
        Err(Panicked) => Err(Outcome::transient(
            ErrorCode::Panicked,
            "sending the email panicked",
        )),
    }
}

fn classify_mark(answer: Result<(), CallError>) -> Outcome {
    let Err(error) = answer else {
        return Outcome::Done;
    };
    match &*error.code {
        code::PANICKED => Outcome::transient(ErrorCode::Panicked, "marking the order panicked"),
        code::OUT_OF_TIME => Outcome::transient(ErrorCode::MarkFailed, "no time was left to mark the order"),
        _ => Outcome::transient(
            ErrorCode::MarkFailed,
            format!("marking the order failed: {error}"),
        ),
    }
}
