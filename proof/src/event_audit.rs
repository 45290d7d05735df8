//! The audit of events: a queue of the proof's own, subscribed to the topic of order events.
//!
//! The queue shows what was published, independently of what the system stores. Events are written to a file beside the
//! journal before they are deleted from the queue, so that `verify` can compare them any number of times.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use aws_config::SdkConfig;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, QueueAttributeName};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::try_join_all;
use order_core::{Fingerprint, OrderEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::journal::{AuditQueue, Writer};

/// Receivers that empty a queue at the same time.
const RECEIVERS: usize = 4;

/// A received event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// The audit queue that received it.
    pub(crate) queue: String,
    /// The message id in the audit queue. SQS may deliver a message twice, which is not a second event.
    pub(crate) message_id: String,
    /// The order's id; `None` if the message is no event that this program can parse.
    pub(crate) order_id: Option<String>,
    /// The fingerprint of the order in the event.
    pub(crate) fingerprint: Option<String>,
    /// The SHA-256 digest of the whole body, in base64.
    pub(crate) digest: String,
}

impl Event {
    /// Parses an event. None if it is that of a cancellation: the audit compares orders as they were confirmed.
    fn parse(queue: &str, message: &Message) -> Option<Self> {
        let body = message.body().unwrap_or_default();
        let event = match OrderEvent::from_json(body) {
            Ok(OrderEvent::Cancelled(_)) => return None,
            Ok(OrderEvent::Confirmed(event)) => Some(event),
            Err(_) => None,
        };
        Some(Self {
            queue: queue.to_owned(),
            digest: STANDARD.encode(Sha256::digest(body)),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            order_id: event.as_ref().map(|event| event.order_id.to_string()),
            fingerprint: event.map(|event| Fingerprint::of(&event.order).to_string()),
        })
    }
}

/// The file that holds the events of a journal.
pub(crate) fn event_file(journal: &Path) -> PathBuf {
    let mut name = OsString::from(journal);
    name.push(".events");
    PathBuf::from(name)
}

/// Creates a queue and subscribes it to the topic of order events.
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

/// Moves all events from the queues to the file, and returns the file's events, each message once.
pub(crate) async fn collect(
    config: &SdkConfig,
    journal: &Path,
    audit_queues: &[AuditQueue],
) -> anyhow::Result<Vec<Event>> {
    let path = event_file(journal);
    let writer = Writer::append_to(&path)?;
    let sqs = aws_sdk_sqs::Client::new(config);
    for audit in audit_queues {
        if let Some(url) = find_url(&sqs, &audit.name).await? {
            try_join_all((0..RECEIVERS).map(|_| drain(&sqs, audit, &url, &writer))).await?;
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

/// Unsubscribes and deletes the queues. It is no error if a queue does not exist any more.
pub(crate) async fn close(config: &SdkConfig, audit_queues: &[AuditQueue]) -> anyhow::Result<()> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let sns = aws_sdk_sns::Client::new(config);
    for audit in audit_queues {
        let Some(url) = find_url(&sqs, &audit.name).await? else {
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

/// The queue's URL; `None` if an earlier `verify` has deleted the queue.
async fn find_url(sqs: &aws_sdk_sqs::Client, name: &str) -> anyhow::Result<Option<String>> {
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

async fn drain(
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
                .filter_map(|message| Event::parse(&audit.name, message))
                .map(async |event| writer.append(&event).await),
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
        // An event that is not deleted is received again, and has the same message id.
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

    fn parse(body: &str) -> Event {
        Event::parse("q", &Message::builder().message_id("m").body(body).build()).unwrap()
    }

    #[test]
    fn the_event_of_a_cancellation_is_not_audited() {
        let body = include_str!("../../order-core/golden/event-cancelled-v1.json");
        assert_eq!(Event::parse("q", &Message::builder().body(body).build()), None);
    }

    #[test]
    fn an_event_with_another_time_has_another_digest_and_the_same_fingerprint() {
        let first = parse(GOLDEN);
        assert_eq!(first, parse(GOLDEN));
        let time = OrderEvent::from_json(GOLDEN)
            .unwrap()
            .confirmed()
            .confirmed_at
            .to_string();
        let second = parse(&GOLDEN.replace(&time, "2027-01-01T00:00:00.000Z"));
        assert_eq!(first.fingerprint, second.fingerprint);
        assert_ne!(first.digest, second.digest);
    }

    #[test]
    fn a_message_that_is_no_event_has_no_order_id() {
        let unreadable = parse("{}");
        assert_eq!((unreadable.order_id, unreadable.fingerprint), (None, None));
    }
}
