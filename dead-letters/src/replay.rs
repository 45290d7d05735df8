//! `dlq replay`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::json;

use crate::audit_log::{Audit, AuditOptions};
use crate::confirm::ask;
use crate::move_task;
use crate::orders_table::OrdersTable;
use crate::pace::{Pace, rate};
use crate::progress::Progress;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::repair::{Repair, RepairArguments, Repaired};
use crate::replay_counts::Tally;
use crate::replay_outcome::{Prospect, prospects};
use crate::scan::{BATCH, CutShort, Found, Gone, Sweep, SweepOptions, SweepReport};
use crate::selection::{Selection, SelectionArguments};
use crate::transfer::{self, Outgoing};
use stack_client::Connection;
use terminal::stdout;
use terminal::text::{sanitize, sanitize_line};

/// Seconds for which letters are held while somebody edits one.
const EDIT_SECONDS: i32 = 1800;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Say what would become of each letter, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Not more than N messages a second
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,
    /// Do not ask on the terminal
    #[arg(long, short)]
    yes: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    repair: RepairArguments,
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    audit: AuditOptions,
    #[command(flatten)]
    sweep: SweepOptions,
}

/// Puts letters back on their queues. Fails if any of them stayed behind.
pub(crate) async fn run(mut arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let repair = Repair::new(&arguments.repair)?;
    if arguments.repair.edit {
        // One editor at a time, and time to think.
        arguments.sweep.parallel = 1;
        let asked = arguments.sweep.visibility_seconds.unwrap_or(EDIT_SECONDS);
        arguments.sweep.visibility_seconds = Some(asked);
    }
    if let Some(rate) = arguments.rate {
        // Letters that wait for their turn are hidden meanwhile: a second's worth at most.
        let batches = rate / 10;
        arguments.sweep.parallel = arguments
            .sweep
            .parallel
            .min(u16::try_from(batches).unwrap_or(u16::MAX))
            .max(1);
    }
    let arguments = &arguments;
    let selection = Selection::new(&arguments.selection);
    let is_move = arguments.selection.is_everything() && !repair.is_something() && !arguments.dry_run;
    if let (true, Some(rate)) = (is_move, arguments.rate) {
        move_task::check_rate(rate)?;
    }
    let mut tally = Tally::default();
    let mut stopped = false;
    for name in QueueName::chosen(arguments.selection.filter.queue) {
        let queue = DeadLetterQueue::open(connection, name).await?;
        if !arguments.dry_run && !is_agreed(arguments, &queue).await? {
            eprintln!("{} is left as it is", queue.label());
            continue;
        }
        let (one, cut_short) = if is_move {
            let record = arguments.selection.record();
            let audit = Audit::begin(&arguments.audit, connection, "replay", queue.label(), &record).await?;
            let ended = move_task::move_all(&queue, arguments.rate).await;
            let (moved, cut_short, error) = match ended {
                Ok(ended) => ended,
                Err(error) => {
                    audit.end(&json!({ "error": "the move was not begun, or could not be watched" }))?;
                    return Err(error);
                }
            };
            audit.end(&moved)?;
            if let Some(error) = error {
                tell(&moved, arguments.json)?;
                return Err(error);
            }
            (moved, cut_short)
        } else {
            let replay = Replay {
                connection,
                arguments,
                repair: &repair,
                selection: &selection,
                queue: &queue,
                table: OrdersTable::open(connection).await?,
                pace: Pace::new(arguments.rate),
                progress: Progress::new("replayed", queue.counts().await?.visible),
                audit: tokio::sync::OnceCell::new(),
                tally: Cell::default(),
                foreseen: RefCell::default(),
            };
            replay.run().await?
        };
        tally.add(one);
        if let Some(why) = cut_short {
            stopped = true;
            eprintln!("{}", standing(why, &queue).await);
            if why == CutShort::Interrupted {
                break;
            }
        }
    }
    if !stopped {
        tally.skipped += selection.tell_missing();
    }
    if !arguments.dry_run {
        tell(&tally, arguments.json)?;
    }
    let is_done = !stopped && tally.failed == 0 && selection.all_found();
    Ok(if is_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell(tally: &Tally, json: bool) -> std::io::Result<()> {
    if json {
        stdout::print_json(tally)
    } else {
        stdout::print_line(&tally.to_string())
    }
}

/// Whoever names letters one by one has decided already; replaying is safe to repeat, so that a script is not asked.
async fn is_agreed(arguments: &Arguments, queue: &DeadLetterQueue) -> anyhow::Result<bool> {
    if arguments.yes || !arguments.selection.ids.is_empty() {
        return Ok(true);
    }
    let which = if arguments.selection.is_everything() {
        "everything"
    } else {
        "what matches"
    };
    let count = queue.counts().await?.visible;
    let question = format!(
        "Replay {which} in {} (about {count} letters there)?",
        queue.label()
    );
    Ok(count == 0 || ask(&question)?.unwrap_or(true))
}

/// Where a replay that did not see everything stands.
pub(super) async fn standing(why: CutShort, queue: &DeadLetterQueue) -> String {
    let left = queue.counts().await.unwrap_or_default();
    let reason = match why {
        CutShort::Interrupted => "stopped",
        CutShort::Full => "as many letters are held as SQS allows",
        CutShort::Satisfied => "enough was seen",
    };
    format!(
        "{reason}: about {} letters remain in {}; the same command goes on from here",
        left.visible + left.hidden,
        queue.label()
    )
}

/// A replay of one queue's chosen letters.
struct Replay<'a, 's> {
    connection: &'a Connection,
    arguments: &'a Arguments,
    repair: &'a Repair,
    selection: &'a Selection<'s>,
    queue: &'a DeadLetterQueue,
    table: OrdersTable,
    pace: Pace,
    progress: Progress,
    audit: tokio::sync::OnceCell<Audit>,
    tally: Cell<Tally>,
    /// What a dry run foresees, and for how many.
    foreseen: RefCell<BTreeMap<&'static str, u64>>,
}

impl Replay<'_, '_> {
    async fn run(self) -> anyhow::Result<(Tally, Option<CutShort>)> {
        let sweep = Sweep::new(self.queue, &self.arguments.sweep);
        let report = sweep
            .run(async |sweep, found: Vec<Found>| {
                let chosen = found.into_iter().filter(|found| self.is_chosen(found)).collect();
                if self.arguments.dry_run {
                    self.foresee(chosen).await
                } else {
                    self.replay(sweep, chosen).await
                }
            })
            .await;
        self.progress.finish();
        let SweepReport {
            cut_short,
            error,
            still_hidden,
            ..
        } = report;
        if still_hidden > 0 {
            eprintln!("{still_hidden} letters could not be given back at once; they come back by themselves");
        }
        let tally = self.tally.get();
        if let Some(audit) = self.audit.into_inner() {
            audit.end(&tally)?;
        }
        for (what, count) in self.foreseen.take() {
            stdout::print_line(&format!("{count} {what}"))?;
        }
        match error {
            None => Ok((tally, cut_short)),
            Some(error) => {
                tell(&tally, self.arguments.json)?;
                Err(error)
            }
        }
    }

    fn count(&self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.get();
        change(&mut tally);
        self.tally.set(tally);
    }

    fn is_chosen(&self, found: &Found) -> bool {
        if self.selection.is_newer(&found.letter) {
            self.count(|tally| tally.newer += 1);
        }
        self.selection.chooses(&found.letter)
    }

    /// Mends, validates, sends and only then deletes: a death between the two leaves a letter twice, which replaying
    /// allows, and never loses one.
    async fn replay(&self, sweep: &Sweep<'_>, chosen: Vec<Found>) -> anyhow::Result<Gone> {
        let mut gone = Gone::new();
        let mut ready = self.mended(chosen).await?;
        if ready.is_empty() {
            return Ok(gone);
        }
        // On disk before anything is touched.
        self.audit
            .get_or_try_init(|| async {
                let record = self.arguments.selection.record();
                Audit::begin(
                    &self.arguments.audit,
                    self.connection,
                    "replay",
                    self.queue.label(),
                    &record,
                )
                .await
            })
            .await?;
        while !ready.is_empty() && !sweep.is_stopped() {
            let rest = ready.split_off(ready.len().min(self.pace.burst()).min(BATCH));
            let batch = std::mem::replace(&mut ready, rest);
            self.pace.turn(batch.len()).await;
            gone.extend(self.send(batch).await);
        }
        Ok(gone)
    }

    /// The letters that can be sent, with their new bodies where they were mended.
    async fn mended(&self, chosen: Vec<Found>) -> anyhow::Result<Vec<(Found, Option<String>)>> {
        let mut ready = Vec::with_capacity(chosen.len());
        for found in chosen {
            match self.repair.apply(self.queue.name, &found.letter.body).await {
                Ok(Repaired::AsItWas) => ready.push((found, None)),
                Ok(Repaired::Changed(body)) => match self.objection(&body).await? {
                    None => ready.push((found, Some(body))),
                    Some(objection) => self.failed(&found, &format!("mended so, it is {objection}")),
                },
                Ok(Repaired::Skipped) => {
                    self.count(|tally| tally.skipped += 1);
                    self.progress
                        .note(&format!("{} was not changed, and stays", found.letter.message_id));
                }
                Err(error) => self.failed(&found, &format!("{error:#}")),
            }
        }
        Ok(ready)
    }

    /// Why a mended body would come back, if it would.
    async fn objection(&self, body: &str) -> anyhow::Result<Option<String>> {
        let prospect = prospects(self.queue.name, &[body], &self.table).await?.pop();
        Ok(prospect
            .filter(|prospect| !prospect.is_good())
            .map(|prospect| prospect.to_string()))
    }

    async fn send(&self, batch: Vec<(Found, Option<String>)>) -> Gone {
        let sqs = &self.queue.sqs;
        let (found, messages): (Vec<Found>, Vec<Outgoing>) = batch
            .into_iter()
            .map(|(found, body)| {
                let outgoing = Outgoing::replayed(&found.message, body);
                (found, outgoing)
            })
            .unzip();
        let outcomes = transfer::send(sqs, &self.queue.source_url, messages).await;
        let mut sent = Vec::with_capacity(found.len());
        for (found, outcome) in found.into_iter().zip(outcomes) {
            match outcome {
                Ok(_) => sent.push(found),
                Err(reason) => self.failed(&found, &format!("it cannot be sent: {reason}")),
            }
        }
        let receipts: Vec<&str> = sent
            .iter()
            .map(|found| found.message.receipt_handle.as_deref().unwrap_or_default())
            .collect();
        let outcomes = transfer::delete(sqs, &self.queue.url, &receipts).await;
        let mut gone = Gone::with_capacity(sent.len());
        for (found, outcome) in sent.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => gone.push(found.letter.message_id),
                Err(reason) => {
                    self.failed(
                        &found,
                        &format!("it was sent, but stays in {} too: {reason}", self.queue.label()),
                    );
                }
            }
        }
        let count = gone.len() as u64;
        self.count(|tally| tally.replayed += count);
        self.progress.add(count);
        gone
    }

    fn failed(&self, found: &Found, reason: &str) {
        self.count(|tally| tally.failed += 1);
        let reason = sanitize(reason);
        self.progress
            .note(&format!("{} was not replayed: {reason}", found.letter.message_id));
    }

    /// Says what would become of letters.
    async fn foresee(&self, chosen: Vec<Found>) -> anyhow::Result<Gone> {
        let mut kept = Vec::with_capacity(chosen.len());
        for found in chosen {
            match self.repair.apply(self.queue.name, &found.letter.body).await {
                Ok(Repaired::AsItWas) => kept.push((found.letter.body.clone(), found)),
                Ok(Repaired::Changed(body)) => kept.push((body, found)),
                Ok(Repaired::Skipped) => self.count(|tally| tally.skipped += 1),
                Err(error) => self.failed(&found, &format!("{error:#}")),
            }
        }
        let bodies: Vec<&str> = kept.iter().map(|(body, _)| body.as_str()).collect();
        let foreseen = prospects(self.queue.name, &bodies, &self.table).await?;
        for ((_, found), prospect) in kept.iter().zip(&foreseen) {
            stdout::print_line(&self.line(found, prospect))?;
            *self.foreseen.borrow_mut().entry(prospect.code()).or_default() += 1;
        }
        Ok(Gone::new())
    }

    fn line(&self, found: &Found, prospect: &Prospect) -> String {
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
            prospect.code()
        )
    }
}
