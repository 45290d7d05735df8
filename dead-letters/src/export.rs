//! `dlq export`.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::ExitCode;

use order_core::Timestamp;
use time::OffsetDateTime;

use crate::archive::ArchivedLetter;
use crate::archive_file::ArchiveFile;
use crate::filter::Filter;
use crate::progress::Progress;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::replay::standing;
use crate::scan::{Found, Gone, Sweep, SweepOptions};
use stack_client::Connection;
use terminal::stdout;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// New file; `-` prints the letters instead
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    sweep: SweepOptions,
}

/// Writes letters to a file, with everything that is needed to send them again, and leaves them in the queue.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let now = Timestamp::new(OffsetDateTime::now_utc());
    let is_printed = arguments.file.as_os_str() == "-";
    let file = RefCell::new(if is_printed {
        None
    } else {
        Some(ArchiveFile::create(&arguments.file)?)
    });
    let written = Cell::new(0_u64);
    let mut code = ExitCode::SUCCESS;
    for name in QueueName::chosen(arguments.filter.queue) {
        let queue = DeadLetterQueue::open(connection, name).await?;
        let progress = Progress::new("seen", queue.counts().await?.visible);
        let sweep = Sweep::new(&queue, &arguments.sweep);
        let report = sweep
            .run(async |_, found: Vec<Found>| {
                progress.add(found.len() as u64);
                let passes = |found: &Found| arguments.filter.passes(&found.letter, now);
                let chosen: Vec<Found> = found.into_iter().filter(passes).collect();
                written.set(written.get() + chosen.len() as u64);
                match &mut *file.borrow_mut() {
                    Some(file) => file.append(&chosen)?,
                    None => {
                        for found in &chosen {
                            stdout::print_json(&ArchivedLetter::new(found))?;
                        }
                    }
                }
                Ok(Gone::new())
            })
            .await;
        progress.finish();
        if let Some(error) = report.error {
            return Err(error);
        }
        if let Some(why) = report.cut_short {
            eprintln!("{}", standing(why, &queue).await);
            code = ExitCode::FAILURE;
            break;
        }
    }
    if let Some(mut file) = file.into_inner() {
        file.sync()?;
        stdout::print_line(&format!(
            "exported {} to {}",
            written.get(),
            file.path().display()
        ))?;
    }
    Ok(code)
}
