//! `shop`: the operator's commands for the shop.

mod drawing;
mod seed;
mod upload;

use std::process::ExitCode;

use stack_client::Connection;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Add made-up books with drawn covers to the catalogue; books that are there stay as they are
    Seed(seed::Arguments),
}

pub(crate) async fn run(command: &Command, connection: &Connection) -> anyhow::Result<ExitCode> {
    match command {
        Command::Seed(arguments) => seed::run(arguments, connection).await,
    }
}
