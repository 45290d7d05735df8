//! One run: connections that take the next order each, at the rate that was asked for.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::time::Instant;

use super::follow::{Line, Pending, poisoned};
use super::orders::{Orders, Planned};
use super::poison;
use super::send::{self, Accepted, Answer};
use super::system::System;
use super::tally::Tally;
use crate::journal::{Entry, Poison, Writer};

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
        let immediate = match planned.poison {
            Some(kind @ Poison::Malformed) => Some((kind, poison::malformed(&planned.key))),
            Some(kind @ Poison::UnknownVersion) => Some((kind, poison::unknown_version(&planned.key))),
            Some(Poison::Conflict) | None => None,
        };
        if let Some((kind, body)) = immediate {
            poisoned(self, kind, body).await?;
        }
        let answer = send::order(&self.system, planned);
        if planned.is_duplicated {
            self.tally.borrow_mut().duplicates += 1;
            let (first, second) = tokio::join!(answer, send::order(&self.system, planned));
            return self.settle_both(planned, since, first, second).await;
        }
        let answer = answer.await;
        self.settle(planned, since, answer).await
    }

    /// Counts an answer; an acceptance counts once the journal has it.
    async fn settle(
        &self,
        planned: &Planned,
        since: Instant,
        answer: anyhow::Result<Answer>,
    ) -> anyhow::Result<()> {
        let latency = since.elapsed();
        self.answered.set(Instant::now());
        match answer {
            Ok(Answer::Accepted(accepted)) => {
                self.journal(planned, accepted).await?;
                {
                    let mut tally = self.tally.borrow_mut();
                    tally.accepted += 1;
                    tally.to_accepted.add(latency);
                    tally.acceptances.extend(accepted.accepted_at);
                }
                let conflict = (planned.poison == Some(Poison::Conflict)).then(|| planned.key.clone());
                self.line.pending.borrow_mut().push_back(Pending {
                    order_id: accepted.order_id,
                    accepted_at: accepted.accepted_at,
                    is_confirmed: false,
                    conflict,
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
        since: Instant,
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
                self.settle(planned, since, Ok(Answer::Accepted(first))).await
            }
            (Ok(Answer::Accepted(one)), _) | (_, Ok(Answer::Accepted(one))) => {
                self.settle(planned, since, Ok(Answer::Accepted(one))).await
            }
            (first, _) => self.settle(planned, since, first).await,
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
