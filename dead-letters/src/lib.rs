//! Dead letters: the messages that the services could not process.
//!
//! SQS has no operation that only reads a queue, so that every command receives messages: see `scan`. A command that
//! changes something writes a line to the audit log first, sends a message before it deletes the old one, and never
//! deletes a message that is neither on disk nor in a queue.

mod age;
mod archive;
mod archive_file;
mod audit_log;
mod confirm;
mod dead_letter;
mod destination;
mod erase;
mod export;
mod failed_cover;
mod failed_marks;
mod filter;
mod find;
mod import;
mod import_journal;
mod list;
mod logging;
mod mask;
mod move_task;
mod orders_table;
mod pace;
mod progress;
mod purge;
mod queue;
mod remaining;
mod repair;
mod replay;
mod replay_counts;
mod replay_outcome;
mod retention;
mod scan;
mod selection;
mod show;
mod transfer;
mod undelivered_email;

use std::process::ExitCode;

use stack_client::Connection;

pub use audit_log::{AuditOptions, AuditedChange, audit_reveal, read_audit_log};
pub use confirm::ask_yes_no;
pub use dead_letter::DeadLetter;
pub use erase::{DeletedLetters, delete_letters};
pub use find::{Interrupted, find_letter, read_all_letters};
pub use logging::start as start_logging;
pub use mask::hide_personal_data;
pub use queue::{DeadLetterQueue, QueueName};
pub use retention::read_retention;

/// The commands of `dlq`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the dead letters with the reason of each
    List(list::Arguments),
    /// Show one dead letter with all that is known of it, and what a replay would do now
    Show(show::Arguments),
    /// Put dead letters back on the queue that they came from, with a repaired body if you ask for it
    Replay(replay::Arguments),
    /// Delete dead letters, after writing them to a file
    Purge(purge::Arguments),
    /// Write dead letters to a file, and leave them where they are
    Export(export::Arguments),
    /// Put exported dead letters back into their dead-letter queue
    Import(import::Arguments),
}

/// Runs one of the commands.
pub async fn run(command: Command, connection: &Connection) -> anyhow::Result<ExitCode> {
    logging::start();
    match command {
        Command::List(arguments) => list::run(&arguments, connection).await,
        Command::Show(arguments) => show::run(&arguments, connection).await,
        Command::Replay(arguments) => replay::run(arguments, connection).await,
        Command::Purge(arguments) => purge::run(&arguments, connection).await,
        Command::Export(arguments) => export::run(&arguments, connection).await,
        Command::Import(arguments) => import::run(&arguments, connection).await,
    }
}
