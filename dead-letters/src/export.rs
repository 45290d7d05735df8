//! `dlq export`.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::ExitCode;

use order_core::Timestamp;
use serde_json::json;
use stack_client::Connection;
use terminal::text::quote_path;
use terminal::{exit, stdout};
use time::OffsetDateTime;

use crate::archive::ArchiveEntry;
use crate::archive_file::ArchiveFile;
use crate::filter::Filter;
use crate::progress::Progress;
use crate::queue::DeadLetterQueue;
use crate::remaining::describe_remaining;
use crate::scan::{DeletedIds, ReceivedLetter, Scan, ScanOptions};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// New file; `-` prints the letters on standard output instead
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// Print the outcome as JSON; `-` always prints the letters as JSON Lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    scan: ScanOptions,
}

/// Writes letters to an archive file, and leaves them in the queue.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let now = Timestamp::new(OffsetDateTime::now_utc());
    let is_printed = arguments.file.as_os_str() == "-";
    let file = RefCell::new(if is_printed {
        None
    } else {
        Some(ArchiveFile::create(&arguments.file)?)
    });
    let written = Cell::new(0_u64);
    let mut is_complete = true;
    for queue in DeadLetterQueue::open_selected(connection, arguments.filter.queue).await? {
        let progress = Progress::new("seen", queue.counts().await?.visible);
        let scan = Scan::new(&queue, &arguments.scan);
        let report = scan
            .run(async |_, found: Vec<ReceivedLetter>| {
                progress.add(found.len() as u64);
                let passes = |found: &ReceivedLetter| arguments.filter.passes(&found.letter, now);
                let chosen: Vec<ReceivedLetter> = found.into_iter().filter(passes).collect();
                written.set(written.get() + chosen.len() as u64);
                match &mut *file.borrow_mut() {
                    Some(file) => file.append(&chosen)?,
                    None => {
                        for found in &chosen {
                            stdout::print_json(&ArchiveEntry::new(found))?;
                        }
                    }
                }
                Ok(DeletedIds::new())
            })
            .await;
        progress.finish();
        if let Some(error) = report.error {
            return Err(error);
        }
        if let Some(why) = report.stop_reason {
            eprintln!("{}", describe_remaining(why, &queue).await);
            is_complete = false;
            break;
        }
    }
    if let Some(mut file) = file.into_inner() {
        file.sync()?;
        if arguments.json {
            let path = file.path().display().to_string();
            let outcome = json!({ "exported": written.get(), "file": path, "complete": is_complete });
            stdout::print_document(1, &outcome)?;
        } else {
            let path = quote_path(file.path());
            stdout::print_line(&format!("exported {} to {path}", written.get()))?;
        }
    }
    Ok(exit::code(is_complete))
}
