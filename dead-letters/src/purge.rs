//! `dlq purge`.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::ExitCode;

use order_core::Timestamp;
use serde_json::json;
use stack_client::Connection;
use terminal::stdout;
use terminal::text::{quote, sanitize};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

use crate::archive_file::ArchiveFile;
use crate::audit_log::{AuditOptions, AuditedChange};
use crate::confirm::ask_yes_no;
use crate::progress::Progress;
use crate::queue::DeadLetterQueue;
use crate::remaining::describe_remaining;
use crate::scan::{DeletedIds, ReceivedLetter, Scan, ScanOptions};
use crate::selection::{Selection, SelectionArguments};
use crate::transfer;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not ask; needed where there is no terminal to ask on
    #[arg(long, short)]
    yes: bool,
    /// New file to which the letters are written before they are deleted; `dlq import` puts them back
    /// [default: dead-letters-TIME.jsonl]
    #[arg(long, value_name = "FILE.jsonl")]
    backup: Option<PathBuf>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    audit: AuditOptions,
    #[command(flatten)]
    scan: ScanOptions,
}

/// Deletes letters after they are on disk in the backup file. Fails if any of them was not deleted.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    arguments.selection.check()?;
    let selection = Selection::new(&arguments.selection);
    let backup = RefCell::new(None);
    let (mut purged, mut failed, mut stopped) = (0, 0, false);
    for queue in DeadLetterQueue::open_selected(connection, arguments.selection.filter.queue).await? {
        if !is_confirmed(arguments, &queue).await? {
            eprintln!("{} is left as it is", queue.label());
            continue;
        }
        let purge = Purge {
            arguments,
            connection,
            selection: &selection,
            queue: &queue,
            progress: Progress::new("purged", queue.counts().await?.visible),
            audit: OnceCell::new(),
            purged: Cell::new(0),
            failed: Cell::new(0),
            backup: &backup,
        };
        let scan = Scan::new(&queue, &arguments.scan);
        let report = scan
            .run(async |_, found: Vec<ReceivedLetter>| purge.delete(found).await)
            .await;
        purge.progress.finish();
        purged += purge.purged.get();
        failed += purge.failed.get();
        let outcome = json!({ "purged": purge.purged.get(), "failed": purge.failed.get() });
        if let Some(audit) = purge.audit.into_inner() {
            audit.end(&outcome)?;
        }
        if let Some(why) = report.stop_reason {
            stopped = true;
            eprintln!("{}", describe_remaining(why, &queue).await);
        }
        if let Some(error) = report.error {
            print_outcome(arguments, purged, failed, backup.borrow().as_ref())?;
            return Err(error);
        }
        if stopped {
            break;
        }
    }
    if !stopped {
        selection.report_missing();
    }
    print_outcome(arguments, purged, failed, backup.borrow().as_ref())?;
    let is_done = !stopped && failed == 0 && selection.all_found();
    Ok(if is_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print_outcome(
    arguments: &Arguments,
    purged: u64,
    failed: u64,
    backup: Option<&ArchiveFile>,
) -> std::io::Result<()> {
    let path = backup.map(|backup| backup.path().display().to_string());
    if arguments.json {
        return stdout::print_document(1, &json!({ "purged": purged, "failed": failed, "backup": path }));
    }
    let kept = path
        .map(|path| format!("; they are kept in {}", quote(&path)))
        .unwrap_or_default();
    stdout::print_line(&format!("purged {purged}, failed {failed}{kept}"))
}

async fn is_confirmed(arguments: &Arguments, queue: &DeadLetterQueue) -> anyhow::Result<bool> {
    let count = queue.counts().await?.visible;
    if arguments.yes || count == 0 {
        return Ok(true);
    }
    let which = if arguments.selection.is_everything() {
        "everything"
    } else {
        "what is chosen"
    };
    let question = format!(
        "Delete {which} in {} (about {count} letters there)?",
        queue.label()
    );
    ask_yes_no(&question)?
        .ok_or_else(|| anyhow::anyhow!("nothing was deleted: there is no terminal to ask on, say --yes"))
}

/// A purge of one queue.
struct Purge<'a, 's> {
    arguments: &'a Arguments,
    connection: &'a Connection,
    selection: &'a Selection<'s>,
    queue: &'a DeadLetterQueue,
    progress: Progress,
    audit: OnceCell<AuditedChange>,
    purged: Cell<u64>,
    failed: Cell<u64>,
    /// Created with the first letter. Both queues share it.
    backup: &'a RefCell<Option<ArchiveFile>>,
}

impl Purge<'_, '_> {
    async fn delete(&self, found: Vec<ReceivedLetter>) -> anyhow::Result<DeletedIds> {
        let chosen: Vec<ReceivedLetter> = found
            .into_iter()
            .filter(|found| self.selection.includes(&found.letter))
            .collect();
        if chosen.is_empty() {
            return Ok(DeletedIds::new());
        }
        self.audit
            .get_or_try_init(|| async {
                let record = self.arguments.selection.record();
                AuditedChange::begin(
                    &self.arguments.audit,
                    self.connection,
                    "purge",
                    self.queue.label(),
                    &record,
                )
                .await
            })
            .await?;
        self.back_up(&chosen)?;
        let receipts: Vec<&str> = chosen
            .iter()
            .map(|found| found.message.receipt_handle.as_deref().unwrap_or_default())
            .collect();
        let outcomes = transfer::delete(&self.queue.sqs, &self.queue.url, &receipts).await;
        let mut deleted = DeletedIds::with_capacity(chosen.len());
        for (found, outcome) in chosen.into_iter().zip(outcomes) {
            match outcome {
                Ok(()) => deleted.push(found.letter.message_id),
                Err(reason) => {
                    self.failed.set(self.failed.get() + 1);
                    let reason = sanitize(&reason);
                    self.progress
                        .print(&format!("{} was not deleted: {reason}", found.letter.message_id));
                }
            }
        }
        self.purged.set(self.purged.get() + deleted.len() as u64);
        self.progress.add(deleted.len() as u64);
        Ok(deleted)
    }

    /// Writes the letters to the backup file, and returns when they are on disk. They are deleted next.
    fn back_up(&self, letters: &[ReceivedLetter]) -> anyhow::Result<()> {
        let mut backup = self.backup.borrow_mut();
        let file = match &mut *backup {
            Some(file) => file,
            none => none.insert(ArchiveFile::create(&self.backup_path())?),
        };
        file.append(letters)?;
        file.sync()
    }

    fn backup_path(&self) -> PathBuf {
        let named = self.arguments.backup.clone();
        named.unwrap_or_else(|| {
            let now = Timestamp::new(OffsetDateTime::now_utc()).to_string();
            let now: String = now.chars().filter(char::is_ascii_alphanumeric).collect();
            PathBuf::from(format!("dead-letters-{now}.jsonl"))
        })
    }
}
