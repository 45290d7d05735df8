//! `export`: all stored orders of a customer, or everything that the system holds of him, as JSON Lines.

use std::process::ExitCode;

use dead_letters::AuditOptions;
use erasure::print_stored_data;
use stack_client::Connection;
use terminal::stdout;

use crate::customer_orders::{MAX_PER_PAGE, Pages, Selection, Sequence};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// Print everything that the system holds of the customer: rows, claims, dead letters and emails. An audit line says who asked; --actor and --audit-log are for that line
    #[arg(long, conflicts_with_all = ["from", "to", "status", "reference"])]
    everything: bool,
    #[command(flatten)]
    audit: AuditOptions,
}

/// Prints each order on a line, as the API returns it, the oldest first. Fails if the API could not read one. `--everything` prints
/// what is stored.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    if arguments.everything {
        return print_stored_data(&arguments.selection.customer, &arguments.audit, connection).await;
    }
    let api = connection.api().await?;
    let mut pages = Pages::new(&api, &arguments.selection, Sequence::OldestFirst);
    let mut exported = 0_usize;
    while let Some(orders) = pages.next(MAX_PER_PAGE).await? {
        for order in &orders {
            stdout::print_json(order)?;
        }
        exported += orders.len();
    }
    eprintln!(
        "{exported} {} exported",
        if exported == 1 { "order" } else { "orders" }
    );
    Ok(if pages.unreadable == 0 {
        ExitCode::SUCCESS
    } else {
        eprintln!("{} orders could not be read, and are missing", pages.unreadable);
        ExitCode::FAILURE
    })
}
