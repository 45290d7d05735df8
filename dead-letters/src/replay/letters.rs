//! Replaying selected letters one batch at a time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use order_core::OrderId;
use serde_json::json;
use stack_client::Connection;
use terminal::stdout;
use terminal::text::{sanitize, sanitize_line};
use tokio::sync::OnceCell;

use super::arguments::Arguments;
use crate::audit_log::AuditedChange;
use crate::destination::{self, Destination};
use crate::failed_marks::FailedMarks;
use crate::orders_table::OrdersTable;
use crate::pace::Pace;
use crate::progress::Progress;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::repair::{Repair, Repaired};
use crate::replay_counts::ReplayCounts;
use crate::replay_outcome::{ReplayOutcome, predict_outcomes};
use crate::scan::{BATCH, DeletedIds, ReceivedLetter, Scan, ScanReport, StopReason};
use crate::selection::Selection;
use crate::transfer::{self, OutgoingMessage};

/// A replay of the selected letters of one queue.
pub(super) struct LetterReplay<'a, 's> {
    arguments: &'a Arguments,
    connection: &'a Connection,
    repair: &'a Repair,
    selection: &'a Selection<'s>,
    queue: &'a DeadLetterQueue,
    /// Looked up before the first letter is sent.
    destination: OnceCell<Destination>,
    table: OrdersTable,
    /// Or why their table is not known: a replay does not need it.
    marks: anyhow::Result<FailedMarks>,
    pace: Pace,
    progress: Progress,
    /// Written before the first letter is sent.
    audit: OnceCell<AuditedChange>,
    counts: Cell<ReplayCounts>,
    /// The outcomes that a dry run predicts, and the number of letters with each.
    predicted: RefCell<BTreeMap<&'static str, u64>>,
}

impl<'a, 's> LetterReplay<'a, 's> {
    pub(super) async fn new(
        arguments: &'a Arguments,
        connection: &'a Connection,
        repair: &'a Repair,
        selection: &'a Selection<'s>,
        queue: &'a DeadLetterQueue,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            arguments,
            connection,
            repair,
            selection,
            queue,
            destination: OnceCell::new(),
            table: OrdersTable::open(connection).await?,
            marks: FailedMarks::open(connection).await,
            pace: Pace::new(destination::rate(queue.name, arguments.rate)?),
            progress: Progress::new("replayed", queue.counts().await?.visible),
            audit: OnceCell::new(),
            counts: Cell::default(),
            predicted: RefCell::default(),
        })
    }

    /// Scans the queue and replays its selected letters, or predicts their outcomes in a dry run.
    pub(super) async fn run(self) -> anyhow::Result<(ReplayCounts, Option<StopReason>)> {
        let scan = Scan::new(self.queue, &self.arguments.scan);
        let report = scan
            .run(async |scan, found: Vec<ReceivedLetter>| {
                let selected = found
                    .into_iter()
                    .filter(|found| self.is_selected(found))
                    .collect();
                if self.arguments.dry_run {
                    self.predict(selected).await
                } else {
                    self.replay(scan, selected).await
                }
            })
            .await;
        self.progress.finish();
        let ScanReport {
            stop_reason,
            error,
            still_hidden,
            ..
        } = report;
        if still_hidden > 0 {
            eprintln!("{still_hidden} letters stay hidden until their visibility timeout is over");
        }
        let counts = self.counts.get();
        if let Some(audit) = self.audit.into_inner() {
            audit.end(&counts)?;
        }
        if self.arguments.dry_run && self.arguments.json {
            let summary = json!({ "queue": self.queue.name, "predicted": self.predicted.take(), "failed": counts.failed,
                "skipped": counts.skipped, "newer": counts.newer });
            stdout::print_document(1, &summary)?;
        }
        for (what, count) in self.predicted.take() {
            stdout::print_line(&format!("{count} {what}"))?;
        }
        match error {
            None => Ok((counts, stop_reason)),
            Some(error) => {
                counts.print(self.arguments.json)?;
                Err(error)
            }
        }
    }

    fn count(&self, change: impl FnOnce(&mut ReplayCounts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }

    fn is_selected(&self, found: &ReceivedLetter) -> bool {
        if self.selection.is_newer(&found.letter) {
            self.count(|counts| counts.newer += 1);
        }
        self.selection.includes(&found.letter)
    }

    /// Repairs, validates, sends, and then deletes. If this process dies between sending and deleting, the message exists
    /// twice, which the services tolerate. It is never lost.
    async fn replay(&self, scan: &Scan<'_>, selected: Vec<ReceivedLetter>) -> anyhow::Result<DeletedIds> {
        let mut deleted = DeletedIds::new();
        let mut ready = self.repair_bodies(selected).await?;
        if ready.is_empty() {
            return Ok(deleted);
        }
        let destination = self
            .destination
            .get_or_try_init(|| Destination::open(self.connection, self.queue))
            .await?;
        // The audit line is on disk before the queue is changed.
        self.audit
            .get_or_try_init(|| async {
                let record = self.arguments.selection.record();
                AuditedChange::begin(
                    &self.arguments.audit,
                    self.connection,
                    "replay",
                    self.queue.label(),
                    &record,
                )
                .await
            })
            .await?;
        while !ready.is_empty() && !scan.is_stopped() {
            let rest = ready.split_off(ready.len().min(self.pace.burst()).min(BATCH));
            let batch = std::mem::replace(&mut ready, rest);
            self.pace.wait_for_turn(batch.len()).await;
            self.remove_marks(&batch).await;
            deleted.extend(self.send(destination, batch).await);
        }
        Ok(deleted)
    }

    /// Removes the marks of the orders before they are sent: an order that fails again is marked again. A letter that cannot be sent
    /// stays, and its order looks accepted meanwhile.
    async fn remove_marks(&self, batch: &[(ReceivedLetter, Option<String>)]) {
        if self.queue.name != QueueName::Orders {
            return;
        }
        let orders = batch
            .iter()
            .filter_map(|(found, _)| found.letter.order_id.as_ref());
        let orders: Vec<OrderId> = orders.filter_map(|id| id.parse().ok()).collect();
        let failure = match &self.marks {
            Ok(marks) => marks
                .remove(&orders)
                .await
                .err()
                .map(|error| format!("{error:#}")),
            Err(error) => Some(format!("{error:#}")),
        };
        if let Some(failure) = failure {
            let failure = sanitize(&failure);
            self.progress.print(&format!(
                "the orders look failed until they are stored: {failure}"
            ));
        }
    }

    /// Repairs the bodies. Returns the letters that can be sent, with the new body of each that was changed.
    async fn repair_bodies(
        &self,
        selected: Vec<ReceivedLetter>,
    ) -> anyhow::Result<Vec<(ReceivedLetter, Option<String>)>> {
        let mut ready = Vec::with_capacity(selected.len());
        for found in selected {
            match self.repair.apply(self.queue.name, &found.letter.body).await {
                Ok(Repaired::Unchanged) => ready.push((found, None)),
                Ok(Repaired::Changed(body)) => match self.find_objection(&body).await? {
                    None => ready.push((found, Some(body))),
                    Some(objection) => {
                        self.report_failure(&found, &format!("after the repair it is {objection}"));
                    }
                },
                Ok(Repaired::Skipped) => {
                    self.count(|counts| counts.skipped += 1);
                    self.progress.print(&format!(
                        "{} was not changed, and is not replayed",
                        found.letter.message_id
                    ));
                }
                Err(error) => self.report_failure(&found, &format!("{error:#}")),
            }
        }
        Ok(ready)
    }

    /// Why a repaired body would become a dead letter again, if it would.
    async fn find_objection(&self, body: &str) -> anyhow::Result<Option<String>> {
        let outcome = predict_outcomes(self.queue.name, &[body], &self.table)
            .await?
            .pop();
        Ok(outcome
            .filter(|outcome| !outcome.is_success())
            .map(|outcome| outcome.to_string()))
    }

    /// Sends a batch and deletes what was sent from the dead-letter queue. Returns the ids of the deleted letters.
    async fn send(
        &self,
        destination: &Destination,
        batch: Vec<(ReceivedLetter, Option<String>)>,
    ) -> DeletedIds {
        let sqs = &self.queue.sqs;
        let (found, messages): (Vec<ReceivedLetter>, Vec<OutgoingMessage>) = batch
            .into_iter()
            .map(|(found, body)| {
                let outgoing = OutgoingMessage::replayed(&found.message, body);
                (found, outgoing)
            })
            .unzip();
        let outcomes = destination.send(messages).await;
        let mut sent = Vec::with_capacity(found.len());
        for (found, outcome) in found.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => sent.push(found),
                Err(reason) => self.report_failure(&found, &format!("it cannot be sent: {reason}")),
            }
        }
        let receipts: Vec<&str> = sent
            .iter()
            .map(|found| found.message.receipt_handle.as_deref().unwrap_or_default())
            .collect();
        let outcomes = transfer::delete(sqs, &self.queue.url, &receipts).await;
        let mut deleted = DeletedIds::with_capacity(sent.len());
        for (found, outcome) in sent.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => deleted.push(found.letter.message_id),
                Err(reason) => {
                    self.report_failure(
                        &found,
                        &format!("it was sent, but stays in {} too: {reason}", self.queue.label()),
                    );
                }
            }
        }
        let count = deleted.len() as u64;
        self.count(|counts| counts.replayed += count);
        self.progress.add(count);
        deleted
    }

    /// Counts and prints a letter that was not replayed.
    fn report_failure(&self, found: &ReceivedLetter, reason: &str) {
        self.count(|counts| counts.failed += 1);
        let reason = sanitize(reason);
        self.progress
            .print(&format!("{} was not replayed: {reason}", found.letter.message_id));
    }

    /// Prints the predicted outcome of each letter.
    async fn predict(&self, selected: Vec<ReceivedLetter>) -> anyhow::Result<DeletedIds> {
        let mut kept = Vec::with_capacity(selected.len());
        for found in selected {
            match self.repair.apply(self.queue.name, &found.letter.body).await {
                Ok(Repaired::Unchanged) => kept.push((found.letter.body.clone(), found)),
                Ok(Repaired::Changed(body)) => kept.push((body, found)),
                Ok(Repaired::Skipped) => self.count(|counts| counts.skipped += 1),
                Err(error) => self.report_failure(&found, &format!("{error:#}")),
            }
        }
        let bodies: Vec<&str> = kept.iter().map(|(body, _)| body.as_str()).collect();
        let outcomes = predict_outcomes(self.queue.name, &bodies, &self.table).await?;
        for ((_, found), outcome) in kept.iter().zip(&outcomes) {
            let name = if self.arguments.json {
                stdout::print_json(&json!({
                    "message_id": found.letter.message_id,
                    "order_id": found.letter.order_id,
                    "queue": self.queue.name,
                    "reason": found.letter.reason,
                    "outcome": outcome.code(),
                }))?;
                outcome.code()
            } else {
                stdout::print_line(&self.format_outcome(found, outcome))?;
                outcome.summary()
            };
            *self.predicted.borrow_mut().entry(name).or_default() += 1;
        }
        Ok(DeletedIds::new())
    }

    fn format_outcome(&self, found: &ReceivedLetter, outcome: &ReplayOutcome) -> String {
        let order = found
            .letter
            .order_id
            .as_deref()
            .map_or_else(|| "-".to_owned(), sanitize_line);
        format!(
            "{}  {order}  {}  {}: {}",
            found.letter.message_id,
            self.queue.name.name(),
            sanitize_line(&found.letter.reason),
            outcome.summary()
        )
    }
}
