//! `dlq import`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use futures_util::{StreamExt, stream};
use serde_json::json;
use stack_client::Connection;
use terminal::stdout;
use terminal::text::sanitize;

use crate::archive::ArchiveEntry;
use crate::audit_log::{AuditOptions, AuditedChange};
use crate::progress::Progress;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::scan::BATCH;
use crate::transfer;

/// Batch requests that are under way at the same time.
const PARALLEL: usize = 16;
/// Letters that are read into memory before they are sent.
const CHUNK: usize = 1000;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// File that `dlq export` or `dlq purge` wrote
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// Only the letters of this queue
    #[arg(long)]
    queue: Option<QueueName>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    audit: AuditOptions,
}

/// Puts letters back into their dead-letter queues, unchanged. Nothing is sent unless every line of the file can be parsed.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let queues = QueueName::selected(arguments.queue);
    let (mut expected, mut named) = (0_u64, Vec::new());
    for letter in letters(&arguments.file)? {
        let queue = letter?.queue;
        if queues.contains(&queue) {
            expected += 1;
            if !named.contains(&queue) {
                named.push(queue);
            }
        }
    }
    let (mut imported, mut failed) = (0, 0);
    for name in named {
        let queue = DeadLetterQueue::open(connection, name).await?;
        let progress = Progress::new("imported", expected);
        let selection = json!({ "file": arguments.file.display().to_string() });
        let audit =
            AuditedChange::begin(&arguments.audit, connection, "import", queue.label(), &selection).await?;
        let (mut here, mut refused) = (0, 0);
        let mut letters = letters(&arguments.file)?.peekable();
        while letters.peek().is_some() {
            let mut chunk = Vec::with_capacity(CHUNK);
            for letter in letters.by_ref() {
                let letter = letter?;
                if letter.queue == name {
                    chunk.push(letter.outgoing()?);
                }
                if chunk.len() == CHUNK {
                    break;
                }
            }
            let batches = chunk
                .chunks(BATCH)
                .map(async |batch| transfer::send(&queue.sqs, &queue.url, batch.to_vec()).await);
            let mut outcomes = stream::iter(batches).buffer_unordered(PARALLEL);
            while let Some(batch) = outcomes.next().await {
                for outcome in batch {
                    match outcome {
                        Ok(_) => here += 1,
                        Err(reason) => {
                            refused += 1;
                            progress.print(&format!("a letter was not imported: {}", sanitize(&reason)));
                        }
                    }
                }
                progress.set(imported + here);
            }
        }
        progress.finish();
        audit.end(&json!({ "imported": here, "failed": refused }))?;
        imported += here;
        failed += refused;
    }
    if arguments.json {
        stdout::print_document(1, &json!({ "imported": imported, "failed": failed }))?;
    } else {
        stdout::print_line(&format!("imported {imported}, failed {failed}"))?;
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
