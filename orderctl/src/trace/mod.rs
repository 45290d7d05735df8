//! `trace`: the whole way of one order, with the time of each step.
//!
//! The steps come from the stored order, from what the functions logged, from the mailbox and from the dead-letter queues. A source that
//! cannot be read is named, and the others are shown all the same.

mod gather;
mod steps;
mod view;

use std::process::ExitCode;

use stack_client::Connection;
use terminal::exit;
use terminal::stdout;

use crate::order_name::OrderArguments;

/// The version of the document that `--json` prints.
const VERSION: u32 = 1;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    order: OrderArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the way of the order. Ends with 1 if nobody knows of the order.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let id = arguments.order.order_id(connection).await?;
    let way = gather::gather(id, connection).await?;
    if arguments.json {
        stdout::print_document(VERSION, &way)?;
    } else {
        stdout::print_line(&view::format(&way, connection))?;
    }
    Ok(exit::code(way.is_known()))
}
