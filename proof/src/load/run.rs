//! A run: several connections that send the orders, at a rate if one is given.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::time::Instant;

use super::measurements::Measurements;
use super::orders::{OrderGenerator, PlannedOrder};
use super::pending::{PendingOrder, PendingOrders};
use super::send::{self, Accepted, Answer};
use super::system::System;
use super::timeline::Stage;
use crate::journal::{Entry, Writer};

/// The state that the tasks of a run share. All tasks run on one thread, and none holds a borrow across an await.
pub(super) struct Run<'a> {
    pub(super) system: System<'a>,
    pub(super) orders: OrderGenerator,
    pub(super) journal: Option<Writer>,
    /// The number of orders to send.
    pub(super) count: u64,
    /// Orders a second; `None` to send as fast as the API answers.
    pub(super) rate: Option<f64>,
    pub(super) started: Instant,
    /// The number of the next order.
    pub(super) next: Cell<u64>,
    pub(super) measurements: RefCell<Measurements>,
    pub(super) pending: PendingOrders,
    /// The time of the last answer.
    pub(super) last_answer: Cell<Instant>,
}

impl Run<'_> {
    /// Appends an entry to the journal, if there is one.
    pub(super) async fn write(&self, entry: &Entry) -> anyhow::Result<()> {
        match &self.journal {
            Some(journal) => journal.append(entry).await,
            None => Ok(()),
        }
    }

    /// One connection: sends one order after another until all are sent or the user stops the load.
    pub(super) async fn send_orders(&self) -> anyhow::Result<()> {
        loop {
            let number = self.next.get();
            if number >= self.count || self.system.is_stopping() {
                return Ok(());
            }
            self.next.set(number + 1);
            let planned = self.orders.plan(number)?;
            let due = self.due(number);
            self.system.sleep_until(due).await;
            if self.system.is_stopping() {
                return Ok(());
            }
            // With a rate, the latency counts from the time when the order was due. An order that is sent late because all
            // connections were busy has waited, and its wait must count.
            let since = if self.rate.is_some() { due } else { Instant::now() };
            // The future holds the requests of three clients: it is too large for the stack.
            Box::pin(self.place(&planned, since)).await?;
        }
    }

    /// The time when an order is due.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 orders")]
    fn due(&self, number: u64) -> Instant {
        let wait = self
            .rate
            .map(|rate| Duration::try_from_secs_f64(number as f64 / rate).unwrap_or(Duration::MAX));
        wait.and_then(|wait| self.started.checked_add(wait))
            .unwrap_or(self.started)
    }

    async fn place(&self, planned: &PlannedOrder, since: Instant) -> anyhow::Result<()> {
        let answer = self.send(planned, since);
        if planned.is_duplicated {
            self.measurements.borrow_mut().duplicates += 1;
            let (first, second) = tokio::join!(answer, self.send(planned, since));
            return self.record_both(planned, first, second).await;
        }
        let answer = answer.await;
        self.record(planned, answer).await
    }

    /// Sends the order and measures the latency of its answer, without the time that the journal takes.
    async fn send(&self, planned: &PlannedOrder, since: Instant) -> anyhow::Result<Answer> {
        // The future holds the request of a client: it is too large for the stack.
        let sent = Box::pin(send::send_order(&self.system, planned));
        let (answer, latency) = measure(since, sent).await;
        let now = Instant::now();
        self.last_answer.set(now);
        if let Ok(Answer::Accepted(accepted)) = &answer {
            let mut measurements = self.measurements.borrow_mut();
            measurements.to_accepted.add(latency);
            measurements.acceptances.extend(accepted.accepted_at);
            if let Some(timeline) = &mut measurements.timeline {
                timeline.add(Stage::Accepted, now - self.started, latency);
            }
        }
        answer
    }

    /// Counts an answer. An accepted order counts when the journal holds it.
    async fn record(&self, planned: &PlannedOrder, answer: anyhow::Result<Answer>) -> anyhow::Result<()> {
        match answer {
            Ok(Answer::Accepted(accepted)) => {
                self.journal(planned, accepted).await?;
                self.measurements.borrow_mut().accepted += 1;
                let poison = planned.poison.map(|poison| (poison, planned.key.clone()));
                self.pending.orders.borrow_mut().push_back(PendingOrder {
                    order_id: accepted.order_id,
                    is_confirmed: false,
                    poison,
                });
            }
            Ok(Answer::Refused(reason)) => {
                let mut measurements = self.measurements.borrow_mut();
                measurements.refused += 1;
                measurements.failures.add(&reason);
                measurements.add_reason(format!("{} was refused: {reason}", planned.key));
            }
            Err(error) => {
                let mut measurements = self.measurements.borrow_mut();
                measurements.unanswered += 1;
                measurements.failures.add(&error.to_string());
                measurements.add_reason(format!("{} has no answer: {error:#}", planned.key));
            }
        }
        Ok(())
    }

    /// Counts the two answers to an order that was sent twice. Both are written to the journal, in which `verify` finds a
    /// key with two ids.
    async fn record_both(
        &self,
        planned: &PlannedOrder,
        first: anyhow::Result<Answer>,
        second: anyhow::Result<Answer>,
    ) -> anyhow::Result<()> {
        match (first, second) {
            (Ok(Answer::Accepted(first)), Ok(Answer::Accepted(second))) => {
                if first.order_id != second.order_id {
                    let mut measurements = self.measurements.borrow_mut();
                    measurements.split += 1;
                    measurements.add_reason(format!("{} was answered with two ids", planned.key));
                }
                self.journal(planned, second).await?;
                self.record(planned, Ok(Answer::Accepted(first))).await
            }
            (Ok(Answer::Accepted(one)), _) | (_, Ok(Answer::Accepted(one))) => {
                self.record(planned, Ok(Answer::Accepted(one))).await
            }
            (first, _) => self.record(planned, first).await,
        }
    }

    async fn journal(&self, planned: &PlannedOrder, accepted: Accepted) -> anyhow::Result<()> {
        let fingerprint = planned.fingerprint.to_string();
        let entry = Entry::accepted(
            accepted.order_id,
            &planned.key,
            &fingerprint,
            accepted.accepted_at,
        );
        self.write(&entry).await
    }
}

/// Awaits a future and measures the time from `since` until it is ready.
async fn measure<T>(since: Instant, future: impl Future<Output = T>) -> (T, Duration) {
    let output = future.await;
    (output, since.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_of_two_answers_has_its_own_latency() {
        let since = Instant::now();
        let (started, began) = tokio::sync::oneshot::channel();
        let second = async {
            began.await.unwrap();
            // The test measures time, so that some must pass.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let first = async { started.send(()).unwrap() };
        let (((), second), ((), first)) = tokio::join!(measure(since, second), measure(since, first));
        assert!(
            first + Duration::from_millis(20) <= second,
            "{first:?} {second:?}"
        );
    }
}
