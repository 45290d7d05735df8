//! The data of one customer, or of one order, wherever the system holds it.
//!
//! `orderctl export --everything` prints it, and `orderctl erase` erases it: see [`print_stored_data`] and [`run`].
//!
//! An erasure begins with the rows. A tombstone takes the place of each row first, so that no message that arrives later brings the order back. Then go the dead
//! letters, the claims, the marks and the emails of the mailbox on this machine. A tombstone keeps the customer's id until all else is
//! gone: an erasure that was interrupted finds its orders again.
//!
//! **Invariant:** nothing is erased before its audit line is on disk, and every step may be repeated.

mod claims;
mod email_text;
mod found;
mod letters;
mod located;
mod mailbox;
mod orders;
mod report;
mod stored_data;
mod subject;
mod waiting;

use std::process::ExitCode;

use dead_letters::{AuditOptions, AuditedChange, ask_yes_no};
use stack_client::{Connection, Resource};
use terminal::{exit, stdout};

use found::Found;
use report::{Erased, Report};
use subject::Subject;

pub use stored_data::print_stored_data;

/// The arguments of `erase`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Show what is there, and erase nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; needed where there is no terminal to ask on
    #[arg(long, short)]
    yes: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    audit: AuditOptions,
}

/// Shows what is there, asks, and erases it. Fails if something could not be erased.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    dead_letters::start_logging();
    let subject = &arguments.subject;
    let found = Found::search(subject, connection).await?;
    let print = |erased| {
        let report = Report::new(&found, erased);
        if arguments.json {
            stdout::print_document(1, &report)
        } else {
            stdout::print_line(&report.format())
        }
    };
    if arguments.dry_run {
        print(None)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.yes {
        let question = format!("{}\nErase {subject} for ever?", found.describe());
        let is_confirmed = ask_yes_no(&question)?.ok_or_else(|| {
            anyhow::anyhow!("nothing was erased: there is no terminal to ask on, say --yes")
        })?;
        if !is_confirmed {
            eprintln!("nothing was erased");
            return Ok(exit::code(false));
        }
    }
    let table = connection.resource(Resource::OrdersTableName).await?;
    let audit =
        AuditedChange::begin(&arguments.audit, connection, "erase", &table, &subject.record()).await?;
    let erased = erase(&found, subject, connection).await?;
    audit.end(&erased)?;
    print(Some(&erased))?;
    Ok(exit::code(erased.is_complete()))
}

/// Erases what was found. The order of the steps is the crate's promise.
async fn erase(found: &Found, subject: &Subject, connection: &Connection) -> anyhow::Result<Erased> {
    let orders = orders::Orders::open(connection).await?;
    let mut erased = Erased {
        orders: orders.put_tombstones(&found.orders, subject).await?,
        ..Erased::default()
    };
    for outcome in letters::delete(&found.orders, subject, connection).await? {
        erased.dead_letters += outcome.deleted;
        erased.not_deleted += outcome.failed;
        erased.unread_queues += u64::from(!outcome.is_complete);
    }
    erased.shared_letters = found.shared_letters;
    erased.claims = claims::Claims::open(connection)
        .await?
        .delete(&found.orders)
        .await?;
    erased.emails = mailbox::delete(&found.orders, connection).await?;
    // Otherwise the same command has to find the orders again.
    if subject.customer().is_some() && erased.is_complete() {
        orders.forget_customer(&found.orders).await?;
    }
    Ok(erased)
}
