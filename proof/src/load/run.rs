//! One run: connections that take the next order each, at the rate that was asked for.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::time::Instant;

use super::follow::{Line, Pending};
use super::orders::{Orders, Planned};
use super::send::{self, Accepted, Answer};
use super::system::System;
use super::tally::Tally;
use crate::journal::{Entry, Writer};

/// What the parts of a run share. All of them run on one thread, and no borrow is held while one waits.
pub(super) struct Run<'a> {
    pub(super) system: System<'a>,
    pub(super) orders: Orders,
    pub(super) journal: Option<Writer>,
    /// How many orders are to be sent.
    pub(super) count: u64,
    /// How many a second; as fast as they are answered if there is none.
    pub(super) rate: Option<f64>,
    pub(super) started: Instant,
    /// The number of the next order.
    pub(super) next: Cell<u64>,
    pub(super) tally: RefCell<Tally>,
    pub(super) line: Line,
    /// When the last answer came.
    pub(super) answered: Cell<Instant>,
}

impl Run<'_> {
    /// Writes a line into the journal, if there is one.
    pub(super) async fn write(&self, entry: &Entry) -> anyhow::Result<()> {
        match &self.journal {
            Some(journal) => journal.append(entry).await,
            None => Ok(()),
        }
    }

    /// One connection: sends order after order until all are sent or the user asks to stop.
    pub(super) async fn connection(&self) -> anyhow::Result<()> {
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
            // An order that is sent late because all connections were busy has waited, too: its latency counts from
            // when it was due, or a stall would hide the very orders that it delays.
            let since = if self.rate.is_some() { due } else { Instant::now() };
            // On the heap: it holds the calls of three clients.
            Box::pin(self.place(&planned, since)).await?;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "of 2^53 orders")]
    fn due(&self, number: u64) -> Instant {
        let wait = self
            .rate
            .map(|rate| Duration::try_from_secs_f64(number as f64 / rate).unwrap_or(Duration::MAX));
        wait.and_then(|wait| self.started.checked_add(wait))
            .unwrap_or(self.started)
    }

    async fn place(&self, planned: &Planned, since: Instant) -> anyhow::Result<()> {
        let answer = self.answer(planned, since);
        if planned.is_duplicated {
            self.tally.borrow_mut().duplicates += 1;
            let (first, second) = tokio::join!(answer, self.answer(planned, since));
            return self.settle_both(planned, first, second).await;
        }
        let answer = answer.await;
        self.settle(planned, answer).await
    }

    /// Sends the order. Each answer's latency ends with that answer: not with the journal, and not with another answer.
    async fn answer(&self, planned: &Planned, since: Instant) -> anyhow::Result<Answer> {
        // On the heap: it holds the calls of a client.
        let sent = Box::pin(send::order(&self.system, planned));
        let (answer, latency) = timed(since, sent).await;
        self.answered.set(Instant::now());
        if let Ok(Answer::Accepted(accepted)) = &answer {
            let mut tally = self.tally.borrow_mut();
            tally.to_accepted.add(latency);
            tally.acceptances.extend(accepted.accepted_at);
        }
        answer
    }

    /// Counts an answer; an acceptance counts once the journal has it.
    async fn settle(&self, planned: &Planned, answer: anyhow::Result<Answer>) -> anyhow::Result<()> {
        match answer {
            Ok(Answer::Accepted(accepted)) => {
                self.journal(planned, accepted).await?;
                self.tally.borrow_mut().accepted += 1;
                let poison = planned.poison.map(|poison| (poison, planned.key.clone()));
                self.line.pending.borrow_mut().push_back(Pending {
                    order_id: accepted.order_id,
                    is_confirmed: false,
                    poison,
                });
            }
            Ok(Answer::Refused(reason)) => {
                let mut tally = self.tally.borrow_mut();
                tally.refused += 1;
                tally.reason(format!("{} was refused: {reason}", planned.key));
            }
            Err(error) => {
                let mut tally = self.tally.borrow_mut();
                tally.unanswered += 1;
                tally.reason(format!("{} has no answer: {error:#}", planned.key));
            }
        }
        Ok(())
    }

    /// A second answer that says the same is no second order. Both go into the journal: it shows a key with two ids to
    /// whoever reads it.
    async fn settle_both(
        &self,
        planned: &Planned,
        first: anyhow::Result<Answer>,
        second: anyhow::Result<Answer>,
    ) -> anyhow::Result<()> {
        match (first, second) {
            (Ok(Answer::Accepted(first)), Ok(Answer::Accepted(second))) => {
                if first.order_id != second.order_id {
                    let mut tally = self.tally.borrow_mut();
                    tally.split += 1;
                    tally.reason(format!("{} was answered with two ids", planned.key));
                }
                self.journal(planned, second).await?;
                self.settle(planned, Ok(Answer::Accepted(first))).await
            }
            (Ok(Answer::Accepted(one)), _) | (_, Ok(Answer::Accepted(one))) => {
                self.settle(planned, Ok(Answer::Accepted(one))).await
            }
            (first, _) => self.settle(planned, first).await,
        }
    }

    async fn journal(&self, planned: &Planned, accepted: Accepted) -> anyhow::Result<()> {
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

/// What comes of something, and how long after a moment it came.
async fn timed<T>(since: Instant, coming: impl Future<Output = T>) -> (T, Duration) {
    let came = coming.await;
    (came, since.elapsed())
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
            // What is measured is time: some has to pass.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let first = async { started.send(()).unwrap() };
        let (((), second), ((), first)) = tokio::join!(timed(since, second), timed(since, first));
        assert!(
            first + Duration::from_millis(20) <= second,
            "{first:?} {second:?}"
        );
    }
}
