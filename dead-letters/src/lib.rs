//! `dlq`: what could not be processed.
//!
//! Every look at a dead-letter queue is a [`scan`]. What changes something announces it in an [`audit_log`] line first,
//! sends before it deletes, and never deletes what is not on disk or in a queue.

mod archive;
mod archive_file;
mod audit_log;
mod confirm;
mod dead_letter;
mod export;
mod filter;
mod find;
mod import;
mod list;
mod mask;
mod move_task;
mod orders_table;
mod pace;
mod progress;
mod purge;
mod queue;
mod repair;
mod replay;
mod replay_counts;
mod replay_outcome;
mod scan;
mod selection;
mod show;
mod transfer;

use std::io::IsTerminal;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use stack_client::Connection;

pub use dead_letter::Letter;
pub use find::{find, letters};
pub use queue::{DeadLetterQueue, QueueName};

/// What can be done about dead letters.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the dead letters with the reason of each
    List(list::Arguments),
    /// Show one with all that is known of it, and what would become of it now
    Show(show::Arguments),
    /// Put dead letters back on the queue that they came from, mended if need be
    Replay(replay::Arguments),
    /// Delete dead letters, after they were written to a file
    Purge(purge::Arguments),
    /// Write dead letters to a file, and leave them where they are
    Export(export::Arguments),
    /// Put exported dead letters back into their dead-letter queue
    Import(import::Arguments),
}

/// Runs one of the commands.
pub async fn run(command: Command, connection: &Connection) -> anyhow::Result<ExitCode> {
    trace();
    match command {
        Command::List(arguments) => list::run(&arguments, connection).await,
        Command::Show(arguments) => show::run(&arguments, connection).await,
        Command::Replay(arguments) => replay::run(arguments, connection).await,
        Command::Purge(arguments) => purge::run(&arguments, connection).await,
        Command::Export(arguments) => export::run(&arguments, connection).await,
        Command::Import(arguments) => import::run(&arguments, connection).await,
    }
}

/// Audit lines as JSON on standard error, for whoever collects it; not on a terminal, where people read. `RUST_LOG` asks
/// for more.
fn trace() {
    let quiet = if std::io::stderr().is_terminal() {
        "error"
    } else {
        "error,audit=info"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A program that has a subscriber of its own keeps it.
    let _ = subscriber.try_init();
}
