//! `dlq`: what could not be processed.

mod letter;
mod list;
mod move_task;
mod queue;
mod receive;
mod replay;

use std::process::ExitCode;

use crate::connection::Connection;

pub(crate) use letter::Letter;
pub(crate) use queue::{DeadLetterQueue, QueueName, arn as queue_arn, url as queue_url};
pub(crate) use receive::letters;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the dead letters with the reason of each
    List(list::Arguments),
    /// Put dead letters back on the queue that they came from
    Replay(replay::Arguments),
}

/// Runs one of the commands.
pub(crate) async fn run(command: Command, connection: &Connection) -> anyhow::Result<ExitCode> {
    match command {
        Command::List(arguments) => list::run(&arguments, connection).await,
        Command::Replay(arguments) => replay::run(arguments, connection).await,
    }
}
