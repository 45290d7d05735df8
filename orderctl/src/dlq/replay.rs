//! `dlq replay`.

use std::collections::{BTreeSet, HashMap};
use std::process::ExitCode;

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use serde::Serialize;

use super::letter::Letter;
use super::move_task::move_all;
use super::queue::{DeadLetterQueue, QueueName};
use super::receive::{give_back, hold};
use crate::connection::Connection;
use crate::output;

/// The attributes that tell of the failure; a replayed message begins anew.
const FAILURE_ATTRIBUTES: [&str; 5] = [
    "error_code",
    "error_detail",
    "failed_at",
    "source_message_id",
    "receive_count",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Message ids or order ids, as `dlq list` shows them
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<String>,
    /// Everything
    #[arg(long)]
    all: bool,
    /// Only the dead letters of this queue
    #[arg(long)]
    queue: Option<QueueName>,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// What became of the letters.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Put back on their queue.
    pub(super) replayed: u64,
    /// Still in the dead-letter queue because of an error.
    pub(super) failed: u64,
    /// Not touched: no letter of that id, or one that another receiver holds.
    pub(super) skipped: u64,
}

/// Puts letters back on their queues. Fails if any of them stayed behind.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let mut missing: BTreeSet<String> = arguments.ids.into_iter().collect();
    let wanted = missing.clone();
    for queue in QueueName::chosen(arguments.queue) {
        let queue = DeadLetterQueue::open(connection, queue).await?;
        let moved = if arguments.all {
            move_all(&queue).await?
        } else {
            replay(&queue, &wanted, &mut missing).await?
        };
        tally.replayed += moved.replayed;
        tally.failed += moved.failed;
        tally.skipped += moved.skipped;
    }
    for id in &missing {
        tally.skipped += 1;
        eprintln!("no dead letter has the id {}", output::cell(id));
    }
    if arguments.json {
        output::json_line(&tally)?;
    } else {
        output::line(&format!(
            "replayed {}, failed {}, skipped {}",
            tally.replayed, tally.failed, tally.skipped
        ))?;
    }
    let is_done = missing.is_empty() && tally.failed == 0;
    Ok(if is_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Replays the wanted letters of one queue, takes their ids out of `missing`, and gives the other letters back.
async fn replay(
    queue: &DeadLetterQueue,
    wanted: &BTreeSet<String>,
    missing: &mut BTreeSet<String>,
) -> anyhow::Result<Tally> {
    let sqs = &queue.sqs;
    let held = hold(queue).await?;
    let mut tally = Tally::default();
    let mut kept = Vec::new();
    for message in held.messages {
        let letter = Letter::read(queue.name, &message);
        if !wanted.iter().any(|id| letter.is_named(id)) {
            kept.push(message);
            continue;
        }
        missing.retain(|id| !letter.is_named(id));
        match put_back(sqs, &queue.url, &queue.source_url, &message).await {
            Ok(()) => tally.replayed += 1,
            Err(error) => {
                tally.failed += 1;
                eprintln!("{} was not replayed: {error:#}", letter.message_id);
                kept.push(message);
            }
        }
    }
    give_back(sqs, &queue.url, &kept).await?;
    Ok(tally)
}

/// Sends first and deletes after: a failure between the two leaves the letter twice, which replaying allows, and never
/// loses it.
async fn put_back(sqs: &Client, from: &str, to: &str, message: &Message) -> anyhow::Result<()> {
    sqs.send_message()
        .queue_url(to)
        .set_message_body(message.body.clone())
        .set_message_attributes(message.message_attributes.clone().map(without_failure))
        .send()
        .await
        .context("it cannot be sent")?;
    sqs.delete_message()
        .queue_url(from)
        .set_receipt_handle(message.receipt_handle.clone())
        .send()
        .await
        .context("it was sent, but stays in the dead-letter queue too")?;
    Ok(())
}

fn without_failure(
    mut attributes: HashMap<String, MessageAttributeValue>,
) -> HashMap<String, MessageAttributeValue> {
    attributes.retain(|name, _| !FAILURE_ATTRIBUTES.contains(&name.as_str()));
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replayed_message_keeps_its_own_attributes_only() {
        let value = MessageAttributeValue::builder()
            .data_type("String")
            .string_value("x")
            .build()
            .unwrap();
        let names = FAILURE_ATTRIBUTES.iter().chain(&["event_type"]);
        let attributes = names.map(|name| ((*name).to_owned(), value.clone())).collect();
        let left: Vec<String> = without_failure(attributes).into_keys().collect();
        assert_eq!(left, ["event_type"]);
    }
}
