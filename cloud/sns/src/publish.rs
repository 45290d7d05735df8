//! `Publish` and `PublishBatch`: one transaction delivers a message from the topic to all queues and
//! mailboxes.

use std::collections::HashSet;

use cloud_iam::Caller;
use cloud_sqs::limits::MAX_ATTRIBUTES;
use cloud_sqs::name::{self, is_identifier};
use cloud_sqs::{NewMessage, SqsError};
use cloud_store::Tx;
use cloud_wire::{Form, Xml};
use uuid::Uuid;

use crate::error::SnsError;
use crate::message::Message;
use crate::service::Sns;
use crate::subscription::{Protocol, Subscription};
use crate::{email, envelope, topic};

/// Maximum size of one message, and of all messages of a batch, in bytes.
const MAX_BYTES: usize = 262_144;
/// Maximum number of entries of one batch.
const MAX_ENTRIES: usize = 10;

fn topic_arn(form: &Form) -> Result<String, SnsError> {
    let arn = form.get("TopicArn").or_else(|| form.get("TargetArn"));
    arn.map(str::to_owned).ok_or_else(|| {
        SnsError::parameter(
            "TopicArn or TargetArn",
            "only topics can be published to here, and one must be named",
        )
    })
}

pub(super) async fn publish(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let topic_arn = topic_arn(form)?;
    let message = Message::parse(form)?;
    if message.size > MAX_BYTES {
        return Err(SnsError::InvalidParameter("Message too long".to_owned()));
    }
    let service = sns.clone();
    let id = sns
        .store()
        .grow(move |tx| {
            topic::get(tx, &topic_arn)?;
            let subscriptions = Subscription::of_topic(tx, &topic_arn)?;
            fan_out(&service, tx, &subscriptions, &message)
        })
        .await?;
    let mut answer = Xml::default();
    answer.text("MessageId", &id);
    Ok(answer)
}

pub(super) async fn publish_batch(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let topic_arn = topic_arn(form)?;
    let entries = form.list("PublishBatchRequestEntries.member");
    if entries.is_empty() {
        return Err(SnsError::EmptyBatchRequest);
    }
    if entries.len() > MAX_ENTRIES {
        return Err(SnsError::TooManyEntriesInBatchRequest);
    }
    let mut messages = Vec::with_capacity(entries.len());
    let mut seen = HashSet::new();
    for entry in &entries {
        let id = entry.get("Id").unwrap_or_default().to_owned();
        if !is_identifier(&id) {
            return Err(SnsError::InvalidBatchEntryId);
        }
        if !seen.insert(id.clone()) {
            return Err(SnsError::BatchEntryIdsNotDistinct);
        }
        messages.push((id, Message::parse(entry)));
    }
    let size: usize = messages
        .iter()
        .filter_map(|(_, m)| m.as_ref().ok())
        .map(|m| m.size)
        .sum();
    if size > MAX_BYTES {
        return Err(SnsError::BatchRequestTooLong);
    }
    let service = sns.clone();
    let outcomes = sns
        .store()
        .grow(move |tx| {
            topic::get(tx, &topic_arn)?;
            let mut outcomes = Vec::with_capacity(messages.len());
            for (entry, message) in messages {
                // Read the subscriptions again for each message, because an email may have suspended one of
                // them.
                let subscriptions = Subscription::of_topic(tx, &topic_arn)?;
                match message.and_then(|message| fan_out(&service, tx, &subscriptions, &message)) {
                    // If the store fails, the whole batch fails and is rolled back.
                    Err(error @ SnsError::Internal(_)) => return Err(error),
                    outcome => outcomes.push((entry, outcome)),
                }
            }
            Ok(outcomes)
        })
        .await?;
    Ok(batch_answer(&outcomes))
}

fn batch_answer(outcomes: &[(String, Result<String, SnsError>)]) -> Xml {
    let mut answer = Xml::default();
    answer.element("Successful", |xml| {
        for (entry, outcome) in outcomes {
            if let Ok(message_id) = outcome {
                xml.element("member", |xml| {
                    xml.text("Id", entry).text("MessageId", message_id);
                });
            }
        }
    });
    answer.element("Failed", |xml| {
        for (entry, outcome) in outcomes {
            if let Err(error) = outcome {
                xml.element("member", |xml| {
                    xml.text("Id", entry)
                        .text("Code", error.code())
                        .text("Message", &error.message())
                        .text("SenderFault", "true");
                });
            }
        }
    });
    answer
}

/// Delivers a message to all subscriptions whose filter policy accepts it. Returns the message id.
fn fan_out(
    sns: &Sns,
    tx: &Tx<'_>,
    subscriptions: &[Subscription],
    message: &Message,
) -> Result<String, SnsError> {
    let message_id = Uuid::new_v4().to_string();
    for subscription in subscriptions {
        if subscription
            .filter_policy()
            .is_some_and(|policy| !policy.accepts(&message.attributes))
        {
            continue;
        }
        match subscription.protocol {
            Protocol::Email => {
                let text = message.text_for("email");
                email::deliver(
                    sns,
                    tx,
                    subscription,
                    &message_id,
                    message.subject.as_deref(),
                    text,
                )?;
            }
            Protocol::Sqs if subscription.confirmed => {
                let delivery =
                    envelope::for_queue(subscription, message, &message_id, sns.base_url(), sns.wall_ms());
                to_queue(sns, tx, subscription, &delivery)?;
            }
            Protocol::Sqs => {}
        }
    }
    Ok(message_id)
}

/// Adds a delivery to the subscription's queue. If that fails, adds it to the subscription's dead-letter
/// queue.
fn to_queue(
    sns: &Sns,
    tx: &Tx<'_>,
    subscription: &Subscription,
    delivery: &NewMessage,
) -> Result<(), SnsError> {
    let arn = &subscription.arn;
    if delivery.attributes.len() > MAX_ATTRIBUTES {
        tracing::warn!(
            subscription = arn,
            "{arn} drops a message: raw delivery allows at most ten attributes"
        );
        return Ok(());
    }
    let queue = name::from_arn(&subscription.endpoint).unwrap_or_default();
    let topic = &subscription.topic_arn;
    let error = match try_enqueue(sns, tx, topic, queue, delivery)? {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let Some(dead_letters) = subscription.dead_letter_queue() else {
        tracing::warn!(
            subscription = arn,
            reason = error.code(),
            "{arn} drops a message: its queue refused it and it has no dead-letter queue"
        );
        return Ok(());
    };
    if let Err(error) = try_enqueue(sns, tx, topic, &dead_letters, delivery)? {
        tracing::warn!(
            subscription = arn,
            reason = error.code(),
            "{arn} drops a message: its queue and its dead-letter queue refused it"
        );
    }
    Ok(())
}

/// Adds a delivery to a queue whose policy must allow SNS. The outer error comes from the store and rolls
/// back the publish. The inner error comes from the queue.
fn try_enqueue(
    sns: &Sns,
    tx: &Tx<'_>,
    topic_arn: &str,
    queue: &str,
    delivery: &NewMessage,
) -> Result<Result<(), SqsError>, SnsError> {
    let caller = Caller::Service {
        name: cloud_iam::SNS,
        source_arn: topic_arn.to_owned(),
    };
    match sns.sqs().send_for(tx, &caller, queue, delivery) {
        Err(SqsError::Internal(reason)) => Err(SnsError::Internal(reason)),
        outcome => Ok(outcome),
    }
}
