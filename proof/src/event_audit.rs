//! The audit of events: a queue of our own that is subscribed to the topic of order events, as anybody's could be.
//!
//! What it holds was published, whatever the system says of itself. Events are moved from the queue to a file beside
//! the journal before they are deleted from the queue: they can be compared any number of times.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use aws_config::SdkConfig;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, QueueAttributeName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::try_join_all;
use order_core::{Fingerprint, OrderConfirmed};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::journal::{AuditQueue, Writer};

/// Receivers that empty a queue side by side.
const RECEIVERS: usize = 4;

/// An event as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The audit queue that it came to.
    pub(crate) queue: String,
    /// The message's id in the audit queue: SQS may deliver a message twice, and that is no second event.
    pub(crate) message_id: String,
    /// The order that it is about; none if the message is no event that this program reads.
    pub(crate) order_id: Option<String>,
    /// The fingerprint of the order that it tells of.
    pub(crate) fingerprint: Option<String>,
    /// Of the whole body, its id and times included: SHA-256, in base 64.
    pub(crate) digest: String,
}

impl Event {
    fn read(queue: &str, message: &Message) -> Self {
        let body = message.body().unwrap_or_default();
        let event = OrderConfirmed::from_json(body).ok();
        Self {
            queue: queue.to_owned(),
            digest: STANDARD.encode(Sha256::digest(body)),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            order_id: event.as_ref().map(|event| event.order_id.to_string()),
            fingerprint: event.map(|event| Fingerprint::of(&event.order).to_string()),
        }
    }
}

/// The file that the events of a journal are kept in.
pub(crate) fn file(journal: &Path) -> PathBuf {
    let mut name = OsString::from(journal);
    name.push(".events");
    PathBuf::from(name)
}

/// Makes a queue and subscribes it to the topic of order events.
pub(crate) async fn open(config: &SdkConfig, topic_arn: &str, run: &str) -> anyhow::Result<AuditQueue> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let sns = aws_sdk_sns::Client::new(config);
    let name = format!("orders-audit-{run}");
    let answer = sqs.create_queue().queue_name(&name).send().await;
    let url = answer
        .with_context(|| format!("the queue {name} cannot be created"))?
        .queue_url
        .context("a new queue has no URL")?;
    let arn = stack_client::queue::read_arn(&sqs, &name).await?;
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": &arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }]});
    sqs.set_queue_attributes()
        .queue_url(&url)
        .attributes(QueueAttributeName::Policy, policy.to_string())
        .send()
        .await
        .with_context(|| format!("the topic cannot be allowed to write to {name}"))?;
    let subscription = sns
        .subscribe()
        .topic_arn(topic_arn)
        .protocol("sqs")
        .endpoint(arn)
        .attributes("RawMessageDelivery", "true")
        .return_subscription_arn(true)
        .send()
        .await
        .with_context(|| format!("{name} cannot be subscribed to {topic_arn}"))?;
    Ok(AuditQueue {
        name,
        subscription_arn: subscription.subscription_arn.unwrap_or_default(),
    })
}

/// Moves all events from the queues to the file, and gives those of the file, each message once.
pub(crate) async fn collect(
    config: &SdkConfig,
    journal: &Path,
    audits: &[AuditQueue],
) -> anyhow::Result<Vec<Event>> {
    let path = file(journal);
    let writer = Writer::append_to(&path)?;
    let sqs = aws_sdk_sqs::Client::new(config);
    for audit in audits {
        if let Some(url) = url(&sqs, &audit.name).await? {
            try_join_all((0..RECEIVERS).map(|_| empty(&sqs, audit, &url, &writer))).await?;
        }
    }
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut events = HashMap::new();
    for line in text.lines() {
        let event: Event =
            serde_json::from_str(line).with_context(|| format!("{} is damaged", path.display()))?;
        events.insert(event.message_id.clone(), event);
    }
    Ok(events.into_values().collect())
}

/// Unsubscribes and deletes the queues. What is gone already is no error.
pub(crate) async fn close(config: &SdkConfig, audits: &[AuditQueue]) -> anyhow::Result<()> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let sns = aws_sdk_sns::Client::new(config);
    for audit in audits {
        let Some(url) = url(&sqs, &audit.name).await? else {
            continue;
        };
        sns.unsubscribe()
            .subscription_arn(&audit.subscription_arn)
            .send()
            .await
            .with_context(|| format!("{} cannot be unsubscribed", audit.name))?;
        sqs.delete_queue()
            .queue_url(url)
            .send()
            .await
            .with_context(|| format!("{} cannot be deleted", audit.name))?;
    }
    Ok(())
}

/// The queue's URL; none if it was deleted after an earlier comparison.
async fn url(sqs: &aws_sdk_sqs::Client, name: &str) -> anyhow::Result<Option<String>> {
    match sqs.get_queue_url().queue_name(name).send().await {
        Ok(answer) => Ok(answer.queue_url),
        Err(error)
            if error.as_service_error().is_some_and(
                aws_sdk_sqs::operation::get_queue_url::GetQueueUrlError::is_queue_does_not_exist,
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("the queue {name} cannot be reached")),
    }
}

async fn empty(
    sqs: &aws_sdk_sqs::Client,
    audit: &AuditQueue,
    url: &str,
    writer: &Writer,
) -> anyhow::Result<()> {
    loop {
        let received = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            .send()
            .await
            .context("the audit queue cannot be read")?
            .messages
            .unwrap_or_default();
        if received.is_empty() {
            return Ok(());
        }
        try_join_all(
            received
                .iter()
                .map(async |message| writer.append(&Event::read(&audit.name, message)).await),
        )
        .await?;
        let mut deletion = sqs.delete_message_batch().queue_url(url);
        for (index, message) in received.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .set_receipt_handle(message.receipt_handle.clone())
                .build()?;
            deletion = deletion.entries(entry);
        }
        // What is not deleted is received again, and is known by its id.
        deletion
            .send()
            .await
            .context("the audit queue cannot be emptied")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &str = include_str!("../../order-core/golden/event-v1.json");

    fn read(body: &str) -> Event {
        Event::read("q", &Message::builder().message_id("m").body(body).build())
    }

    #[test]
    fn an_event_at_another_time_is_another_event_of_the_same_order() {
        let first = read(GOLDEN);
        assert_eq!(first, read(GOLDEN));
        let time = OrderConfirmed::from_json(GOLDEN)
            .unwrap()
            .confirmed_at
            .to_string();
        let second = read(&GOLDEN.replace(&time, "2027-01-01T00:00:00.000Z"));
        assert_eq!(first.fingerprint, second.fingerprint);
        assert_ne!(first.digest, second.digest);
    }

    #[test]
    fn what_is_no_event_is_kept_as_such() {
        let unreadable = read("{}");
        assert_eq!((unreadable.order_id, unreadable.fingerprint), (None, None));
    }
}
