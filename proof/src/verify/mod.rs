//! `verify`: whether the system did what it promised to the client that kept the journal.
//!
//! **Invariant:** nothing here believes what the system says of itself. Rows are compared by their content, events by
//! what arrived in a queue of our own, and emails by what lies in the mailbox; `notified_at` decides nothing.

mod compare;
mod coverage;
mod letters;
mod mail;
mod report;
mod rows;
#[cfg(test)]
pub(crate) mod samples;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use aws_config::SdkConfig;
use dead_letters::{DeadLetterQueue, QueueName};
use stack_client::{Connection, Resource};
use terminal::stdout;
use tokio::time::Instant;

use crate::journal::Journal;
use crate::{event_audit, queue_depth};
use compare::Evidence;
pub(crate) use letters::order_held;
use report::{Report, Scope};

/// The pause between two looks at the queues.
const PAUSE: Duration = Duration::from_millis(250);

/// What to compare.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The journal that `load --journal` wrote
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
    /// Seconds to wait for the queues to be empty: what is on its way would look lost
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// The system is the journal's own and at rest: also fail on rows, events, emails and dead letters of anybody else,
    /// on accepted orders that are dead letters, and if mail cannot be read
    #[arg(long)]
    exclusive: bool,
    /// Keep the audit queue although all is right, to compare again after further events
    #[arg(long)]
    keep_audit: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// Compares and prints what was found. Fails if anything that must be zero is not.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let journal = Journal::read(&arguments.journal)?;
    let config = connection.sdk_config().await?;
    let queues = [
        connection.resource(Resource::OrdersQueueUrl).await?,
        connection.resource(Resource::NotificationsQueueUrl).await?,
    ];
    let in_flight = drained(&config, &queues, Duration::from_secs(arguments.wait)).await?;
    let mut letters = Vec::new();
    for queue in QueueName::selected(None) {
        letters
            .extend(dead_letters::read_all_letters(&DeadLetterQueue::open(connection, queue).await?).await?);
    }
    let evidence = Evidence {
        rows: rows::scan(&config, &connection.resource(Resource::OrdersTableName).await?).await?,
        events: event_audit::collect(&config, &arguments.journal, &journal.audits).await?,
        mail: mail::read(connection).await?,
        letters,
        in_flight,
    };
    let scope = if arguments.exclusive {
        Scope::Exclusive
    } else {
        Scope::Shared
    };
    let findings = compare::compare(&journal, &evidence);
    let report = Report::new(&journal, &evidence, &findings, scope);
    if arguments.json {
        stdout::print_json(&report)?;
    } else {
        stdout::print_line(&report.describe())?;
    }
    if !report.is_right() {
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.keep_audit {
        event_audit::close(&config, &journal.audits).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until both queues are empty; how many messages they still hold.
async fn drained(config: &SdkConfig, queues: &[String], patience: Duration) -> anyhow::Result<u64> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let deadline = Instant::now() + patience;
    loop {
        let mut held = 0;
        for queue in queues {
            held += queue_depth::of(&sqs, queue).await?;
        }
        if held == 0 || Instant::now() + PAUSE > deadline {
            return Ok(held);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
