//! `verify`: compares what the system holds with the journal of a load.
//!
//! **Invariant:** no comparison relies on what the system says about itself. Rows are compared by their content, events by
//! what arrived in the audit queue, and emails by what is in the mailbox. `notified_at` is not used.

mod compare;
mod coverage;
mod evidence;
mod figure;
mod findings;
mod letters;
mod mail;
mod report;
mod rows;
#[cfg(test)]
pub(crate) mod samples;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use aws_config::SdkConfig;
use dead_letters::{DeadLetterQueue, QueueName};
use order_core::Timestamp;
use order_table::Retention;
use stack_client::{Connection, Resource, queue};
use terminal::stdout;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::event_audit;
use crate::journal::Journal;
use evidence::Evidence;
use figure::Scope;
pub(crate) use letters::find_order_held;
use report::Report;
use rows::Items;

/// The pause between two counts of the messages in the queues.
const PAUSE: Duration = Duration::from_millis(250);

/// The arguments of `verify`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The journal that `load --journal` wrote
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
    /// Seconds to wait until the queues are empty: an order in a queue would count as lost
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    /// The system holds nothing but this journal's orders: also fail on other rows, events, emails and dead letters, on
    /// accepted orders that are dead letters, and if mail cannot be read
    #[arg(long)]
    exclusive: bool,
    /// Keep the audit queue after a comparison without errors, to compare again after further events
    #[arg(long)]
    keep_audit: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// Compares and prints the report. Fails if a figure that must be zero is not.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let journal = Journal::read(&arguments.journal)?;
    let config = connection.sdk_config().await?;
    let queues = [
        connection.resource(Resource::OrdersQueueUrl).await?,
        connection.resource(Resource::OrdersRetryQueueUrl).await?,
        connection.resource(Resource::NotificationsQueueUrl).await?,
        connection.resource(Resource::NotificationsRetryQueueUrl).await?,
    ];
    let in_flight = wait_until_drained(&config, &queues, Duration::from_secs(arguments.wait)).await?;
    let mut letters = Vec::new();
    for queue in QueueName::OF_SERVICES {
        letters
            .extend(dead_letters::read_all_letters(&DeadLetterQueue::open(connection, queue).await?).await?);
    }
    let Items { rows, erased } =
        rows::scan(&config, &connection.resource(Resource::OrdersTableName).await?).await?;
    let retention = dead_letters::read_retention(connection).await;
    let evidence = Evidence {
        rows,
        erased,
        outlived: outlived(&journal, retention, Timestamp::new(OffsetDateTime::now_utc())),
        events: event_audit::collect(&config, &arguments.journal, &journal.audit_queues).await?,
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
        stdout::print_document(1, &report)?;
    } else {
        stdout::print_line(&report.format())?;
    }
    if !report.is_right() {
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.keep_audit {
        event_audit::close(&config, &journal.audit_queues).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The accepted orders whose rows may be deleted already.
fn outlived(journal: &Journal, retention: Retention, now: Timestamp) -> BTreeSet<String> {
    let accepted = journal.accepted.iter();
    let outlived = accepted.filter(|(_, acceptance)| retention.is_over(acceptance.accepted_at, now));
    outlived.map(|(id, _)| id.to_string()).collect()
}

/// Waits until the queues are empty, or until the patience is over. Returns the number of messages that they hold.
async fn wait_until_drained(
    config: &SdkConfig,
    queues: &[String],
    patience: Duration,
) -> anyhow::Result<u64> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let deadline = Instant::now() + patience;
    loop {
        let mut held = 0;
        for url in queues {
            held += queue::read_depth(&sqs, url).await?.total();
        }
        if held == 0 || Instant::now() + PAUSE > deadline {
            return Ok(held);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_outlived_when_its_row_may_be_deleted() {
        let mut journal = Journal::default();
        let acceptance = samples::acceptance(1);
        let accepted_at = acceptance.accepted_at;
        journal.accepted.insert(samples::id(1), acceptance);
        let after =
            |days: i64| Timestamp::new(accepted_at.as_offset_date_time() + time::Duration::days(days));
        let retention: Retention = "90".parse().unwrap();
        assert!(outlived(&journal, retention, after(88)).is_empty());
        assert_eq!(outlived(&journal, retention, after(89)).len(), 1);
        assert!(outlived(&journal, Retention::FOREVER, after(9999)).is_empty());
    }
}
