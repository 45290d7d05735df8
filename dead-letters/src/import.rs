//! `dlq import`.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use serde_json::json;
use stack_client::{Connection, Target};
use terminal::stop_signal::StopSignal;
use terminal::text::{quote_path, sanitize};
use terminal::{exit, stdout};

use crate::archive::ArchiveEntry;
use crate::audit_log::{AuditOptions, AuditedChange};
use crate::find::read_all_messages;
use crate::import_journal::{ImportJournal, Past};
use crate::progress::Progress;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::scan::BATCH;
use crate::transfer::{self, OutgoingMessage};

/// Batch requests that are under way at the same time.
const PARALLEL: usize = 16;
/// Letters that are read into memory before they are sent.
const CHUNK: usize = 1000;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File that `dlq export` or `dlq purge` wrote; what is imported is kept in FILE.imported, so that an interrupted import
    /// goes on and doubles nothing
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// Only the letters of this queue
    #[arg(long)]
    queue: Option<QueueName>,
    /// Import all letters, also those that were imported before
    #[arg(long)]
    again: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    audit: AuditOptions,
}

/// The result of an import.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    imported: u64,
    failed: u64,
    /// Imported by an earlier command.
    before: u64,
}

/// The findings of the first pass over a file.
#[derive(Debug, Default)]
struct Contents {
    queues: Vec<QueueName>,
    letters: u64,
    /// The message ids that the letters had.
    message_ids: BTreeSet<String>,
}

/// Puts letters back into their dead-letter queues, unchanged. Nothing is sent unless every line of the file can be parsed.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let contents = read_contents(arguments)?;
    let mut counts = Counts::default();
    let mut is_stopped = false;
    for name in &contents.queues {
        let queue = DeadLetterQueue::open(connection, *name).await?;
        let target = describe_target(connection, &queue).await?;
        let (mut journal, mut past) = ImportJournal::open(&arguments.file, target, arguments.again)?;
        find_uncertain(arguments, &contents, &queue, &mut journal, &mut past).await?;
        let selection = json!({ "file": arguments.file.display().to_string() });
        let audit =
            AuditedChange::begin(&arguments.audit, connection, "import", queue.label(), &selection).await?;
        let progress = Progress::new("imported", contents.letters);
        let (here, stopped) = send_letters(arguments, &queue, &mut journal, &past, &progress).await?;
        progress.finish();
        audit.end(&json!({ "imported": here.imported, "failed": here.failed }))?;
        counts.imported += here.imported;
        counts.failed += here.failed;
        counts.before += here.before;
        is_stopped = stopped;
        if stopped {
            eprintln!("stopped: the same command goes on from here, and doubles nothing");
            break;
        }
    }
    print_outcome(arguments, counts)?;
    Ok(exit::code(counts.failed == 0 && !is_stopped))
}

fn print_outcome(arguments: &Arguments, counts: Counts) -> std::io::Result<()> {
    let Counts {
        imported,
        failed,
        before,
    } = counts;
    if arguments.json {
        let outcome = json!({ "imported": imported, "failed": failed, "imported_before": before });
        return stdout::print_document(1, &outcome);
    }
    stdout::print_line(&format!("imported {imported}, failed {failed}"))?;
    if before > 0 {
        eprintln!("{before} were imported before; --again imports them again");
    }
    Ok(())
}

/// Parses every line, so that a broken file changes nothing.
fn read_contents(arguments: &Arguments) -> anyhow::Result<Contents> {
    let wanted = QueueName::selected(arguments.queue);
    let mut contents = Contents::default();
    for letter in letters(&arguments.file)? {
        let letter = letter?;
        if wanted.contains(&letter.queue) {
            contents.letters += 1;
            if !contents.queues.contains(&letter.queue) {
                contents.queues.push(letter.queue);
            }
        }
        contents.message_ids.extend(letter.message_id);
    }
    Ok(contents)
}

/// Names a queue for the journal. A system on this machine may have another port after each start.
async fn describe_target(connection: &Connection, queue: &DeadLetterQueue) -> anyhow::Result<String> {
    match connection.target() {
        Target::Aws => Ok(queue.url.clone()),
        Target::Local if connection.uses_data_dir() => {
            let directory = connection.data_dir();
            let directory = directory
                .canonicalize()
                .with_context(|| format!("{} cannot be read", quote_path(directory)))?;
            Ok(format!("{} {}", directory.display(), queue.label()))
        }
        Target::Local => Ok(format!(
            "{} {}",
            connection.local_endpoint_url().await?,
            queue.label()
        )),
    }
}

/// Looks in the queue for the lines that may have been sent: an earlier import died or lost an answer. A letter with the same
/// content counts, unless it is one that was exported, or one that belongs to another line.
async fn find_uncertain(
    arguments: &Arguments,
    contents: &Contents,
    queue: &DeadLetterQueue,
    journal: &mut ImportJournal,
    past: &mut Past,
) -> anyhow::Result<()> {
    if past.uncertain.is_empty() {
        return Ok(());
    }
    let messages = read_all_messages(queue).await?;
    let mut candidates: Vec<(String, OutgoingMessage)> = messages
        .into_iter()
        .map(|found| {
            (
                found.letter.message_id.clone(),
                OutgoingMessage::unchanged(&found.message),
            )
        })
        .filter(|(id, _)| !contents.message_ids.contains(id) && !past.message_ids.contains(id))
        .collect();
    let mut arrived = BTreeMap::new();
    for (line, letter) in (0..).zip(letters(&arguments.file)?) {
        if !past.uncertain.contains(&line) {
            continue;
        }
        let wanted = letter?.outgoing()?;
        let same = |message: &OutgoingMessage| {
            message.body == wanted.body && message.attributes == wanted.attributes
        };
        if let Some(index) = candidates.iter().position(|(_, message)| same(message)) {
            arrived.insert(line, candidates.swap_remove(index).0);
        }
    }
    past.sent.extend(arrived.keys());
    journal.sent(arrived)
}

/// Sends the letters of one queue that were not sent before. Returns whether a signal stopped it.
async fn send_letters(
    arguments: &Arguments,
    queue: &DeadLetterQueue,
    journal: &mut ImportJournal,
    past: &Past,
    progress: &Progress,
) -> anyhow::Result<(Counts, bool)> {
    let mut stop_signal = StopSignal::listen()?;
    let stopped = Cell::new(false);
    let mut counts = Counts::default();
    let mut rest = (0..).zip(letters(&arguments.file)?).peekable();
    while rest.peek().is_some() && !stopped.get() {
        let mut chunk = Vec::with_capacity(CHUNK);
        while chunk.len() < CHUNK
            && let Some((line, letter)) = rest.next()
        {
            let letter = letter?;
            if letter.queue != queue.name {
                continue;
            }
            if past.sent.contains(&line) {
                counts.before += 1;
            } else {
                chunk.push((line, letter.outgoing()?));
            }
        }
        if chunk.is_empty() {
            continue;
        }
        journal.sending(chunk.iter().map(|(line, _)| *line).collect())?;
        let batches = chunk.chunks(BATCH).map(async |batch| {
            if stopped.get() {
                return Vec::new();
            }
            let messages = batch.iter().map(|(_, message)| message.clone()).collect();
            let outcomes = transfer::send(&queue.sqs, &queue.url, messages).await;
            let lines = batch.iter().map(|(line, _)| *line);
            lines.zip(outcomes).collect::<Vec<_>>()
        });
        let mut outcomes = stream::iter(batches).buffer_unordered(PARALLEL);
        loop {
            let batch = tokio::select! {
                batch = outcomes.next() => batch,
                () = stop_signal.received(), if !stopped.get() => {
                    stopped.set(true);
                    continue;
                }
            };
            let Some(batch) = batch else { break };
            let mut sent = BTreeMap::new();
            for (line, outcome) in batch {
                match outcome {
                    Ok(message_id) => {
                        sent.insert(line, message_id);
                    }
                    Err(reason) => {
                        counts.failed += 1;
                        progress.print(&format!(
                            "line {} was not imported: {}",
                            line + 1,
                            sanitize(&reason)
                        ));
                    }
                }
            }
            counts.imported += sent.len() as u64;
            if !sent.is_empty() {
                journal.sent(sent)?;
            }
            progress.set(counts.before + counts.imported);
        }
    }
    Ok((counts, stopped.get()))
}

/// The letters of a file, line by line.
fn letters(path: &Path) -> anyhow::Result<impl Iterator<Item = anyhow::Result<ArchiveEntry>>> {
    let shown = path.display().to_string();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    Ok(BufReader::new(file)
        .lines()
        .enumerate()
        .map(move |(index, line)| {
            let letter = line
                .map_err(anyhow::Error::from)
                .and_then(|line| ArchiveEntry::parse(&line));
            letter.with_context(|| format!("{shown}, line {}", index + 1))
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_letter_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letters.jsonl");
        std::fs::write(&path, "{\"queue\":\"orders\",\"body\":\"x\"}\nnothing\n").unwrap();
        let read: Vec<_> = letters(&path).unwrap().collect();
        assert!(read[0].is_ok());
        let error = read[1].as_ref().unwrap_err().to_string();
        assert!(error.ends_with("letters.jsonl, line 2"), "{error}");
    }
}
