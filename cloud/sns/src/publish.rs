//! `Publish` and `PublishBatch`: one transaction delivers a message from the topic to all queues and
//! mailboxes.

use std::collections::HashSet;
use std::sync::Arc;

use cloud_sqs::name::is_identifier;
use cloud_store::{StoreError, Tx};
use cloud_wire::{Form, Xml};

use crate::envelope::NOTIFICATION;
use crate::error::SnsError;
use crate::message::{Arrival, Message};
use crate::service::Sns;
use crate::signature::Needs;
use crate::signed_message::SignedMessage;
use crate::subscription::{Protocol, Subscription};
use crate::webhook::Delivery;
use crate::{email, filtering, queue_delivery, topic, topic_attributes};

/// Maximum size of one message, and of all messages of a batch, in bytes.
const MAX_BYTES: usize = 262_144;
/// Maximum number of entries of one batch.
const MAX_ENTRIES: usize = 10;

/// Reads the topic. AWS takes it in either parameter.
fn topic_arn(sns: &Sns, form: &Form) -> Result<String, SnsError> {
    let arn = form.get("TopicArn").or_else(|| form.get("TargetArn"));
    match arn {
        None if form.get("PhoneNumber").is_some() => Err(SnsError::parameter(
            "PhoneNumber",
            "text messages are not supported here",
        )),
        Some(arn) if arn.contains(":endpoint/") => Err(SnsError::parameter(
            "TargetArn",
            "No endpoint found for the target arn specified",
        )),
        arn => topic::parse_arn(sns, "Publish", arn.unwrap_or_default()),
    }
}

fn arrival(sns: &Sns, trace_header: Option<&str>) -> Arrival {
    Arrival {
        trace_header: trace_header.map(str::to_owned),
        timestamp: cloud_wire::iso8601(sns.wall_ms()),
    }
}

pub(super) async fn publish(sns: &Sns, form: &Form, trace_header: Option<&str>) -> Result<Xml, SnsError> {
    let topic_arn = topic_arn(sns, form)?;
    let message = Message::parse(form, &arrival(sns, trace_header), None)?;
    if message.size > MAX_BYTES {
        return Err(SnsError::InvalidParameter("Message too long".to_owned()));
    }
    let id = message.id.clone();
    deliver(sns, topic_arn, vec![message]).await?;
    let mut answer = Xml::default();
    answer.text("MessageId", &id);
    Ok(answer)
}

pub(super) async fn publish_batch(
    sns: &Sns,
    form: &Form,
    trace_header: Option<&str>,
) -> Result<Xml, SnsError> {
    let topic_arn = topic_arn(sns, form)?;
    let arrival = arrival(sns, trace_header);
    let entries = form.list("PublishBatchRequestEntries.member");
    if entries.is_empty() {
        return Err(SnsError::EmptyBatchRequest);
    }
    if entries.len() > MAX_ENTRIES {
        return Err(SnsError::TooManyEntriesInBatchRequest);
    }
    let mut messages = Vec::with_capacity(entries.len());
    let mut outcomes = Vec::with_capacity(entries.len());
    let mut seen = HashSet::new();
    for (number, entry) in (1..).zip(&entries) {
        let id = entry.get("Id").unwrap_or_default().to_owned();
        if !seen.insert(id.clone()) {
            return Err(SnsError::BatchEntryIdsNotDistinct);
        }
        if !is_identifier(&id) {
            return Err(SnsError::InvalidBatchEntryId(id));
        }
        let outcome = match Message::parse(entry, &arrival, Some(number)) {
            Ok(message) => {
                let id = message.id.clone();
                messages.push(message);
                Ok(id)
            }
            Err(error) if error.refuses_whole_batch() => return Err(error),
            Err(error) => Err(error),
        };
        outcomes.push((id, outcome));
    }
    if messages.iter().map(|message| message.size).sum::<usize>() > MAX_BYTES {
        return Err(SnsError::BatchRequestTooLong);
    }
    deliver(sns, topic_arn, messages).await?;
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

/// Why the messages were not delivered.
#[derive(Debug)]
enum NotDelivered {
    /// They lack these signatures.
    Unsigned(Needs),
    Failed(SnsError),
}

impl From<SnsError> for NotDelivered {
    fn from(error: SnsError) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for NotDelivered {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Delivers all messages to all subscriptions whose filter policy accepts them, or none of them.
///
/// A signature takes a millisecond, so none is made in a transaction, which would hold up all others. The messages are signed
/// as the last ones of this topic were. If the topic needs other signatures by now, they are signed again.
async fn deliver(sns: &Sns, topic_arn: String, messages: Vec<Message>) -> Result<(), SnsError> {
    let messages = Arc::new(messages);
    let mut needs = sns.signer().last_needs(&topic_arn);
    loop {
        let signed = SignedMessage::sign_all(sns, &topic_arn, &messages, &needs).await?;
        let (service, topic_arn, given) = (sns.clone(), topic_arn.clone(), needs.clone());
        let delivered = sns
            .store()
            .grow(move |tx| deliver_in(&service, tx, &topic_arn, &signed, &given))
            .await;
        match delivered {
            Ok(()) => return Ok(()),
            Err(NotDelivered::Failed(error)) => return Err(error),
            Err(NotDelivered::Unsigned(missing)) => needs = missing,
        }
    }
}

fn deliver_in(
    sns: &Sns,
    tx: &Tx<'_>,
    topic_arn: &str,
    messages: &[SignedMessage],
    signed_for: &Needs,
) -> Result<(), NotDelivered> {
    let attributes = topic::get(tx, topic_arn)?;
    let mut subscriptions = Subscription::of_topic(tx, topic_arn)?;
    let needs = needs(&attributes, &subscriptions);
    if !signed_for.satisfy(&needs) {
        sns.signer().remember(topic_arn, &needs);
        return Err(NotDelivered::Unsigned(needs));
    }
    for (number, message) in messages.iter().enumerate() {
        if number > 0 {
            // Read the subscriptions again for each message, because an email may have suspended one of them.
            subscriptions = Subscription::of_topic(tx, topic_arn)?;
        }
        fan_out(sns, tx, &attributes, &subscriptions, message)?;
    }
    Ok(())
}

/// Returns the signatures that messages to these subscriptions need.
fn needs(attributes: &topic::Attributes, subscriptions: &[Subscription]) -> Needs {
    let enveloped = subscriptions
        .iter()
        .filter(|s| s.confirmed && s.protocol.has_envelope() && !s.is_raw());
    Needs {
        version: topic_attributes::signature_version(attributes),
        protocols: enveloped.map(|subscription| subscription.protocol).collect(),
    }
}

/// Delivers a message to all subscriptions whose filter policy accepts it.
fn fan_out(
    sns: &Sns,
    tx: &Tx<'_>,
    topic: &topic::Attributes,
    subscriptions: &[Subscription],
    signed: &SignedMessage,
) -> Result<(), SnsError> {
    let message = signed.message();
    for subscription in subscriptions {
        if !filtering::accepts(subscription, message) {
            continue;
        }
        match subscription.protocol {
            Protocol::Email => {
                let text = message.text_for("email");
                email::deliver(
                    sns,
                    tx,
                    subscription,
                    &message.id,
                    message.subject.as_deref(),
                    text,
                )?;
            }
            Protocol::Sqs if subscription.confirmed => {
                let delivery =
                    queue_delivery::to_send(message, "sqs", signed.envelope_for(subscription, sns));
                queue_delivery::deliver(sns, tx, subscription, &delivery)?;
            }
            Protocol::Http | Protocol::Https if subscription.confirmed => {
                to_webhook(sns, tx, topic, subscription, signed)?;
            }
            Protocol::Sqs | Protocol::Http | Protocol::Https => {}
        }
    }
    Ok(())
}

/// Adds a request to the subscription's endpoint. Raw delivery has the text alone, without the attributes.
fn to_webhook(
    sns: &Sns,
    tx: &Tx<'_>,
    topic: &topic::Attributes,
    subscription: &Subscription,
    signed: &SignedMessage,
) -> Result<(), SnsError> {
    let message = signed.message();
    let policy = subscription.effective_delivery_policy(topic);
    let envelope = signed.envelope_for(subscription, sns);
    let delivery = Delivery {
        subscription_arn: subscription.arn.clone(),
        topic_arn: subscription.topic_arn.clone(),
        endpoint: subscription.endpoint.clone(),
        kind: NOTIFICATION.to_owned(),
        message_id: message.id.clone(),
        content_type: policy.content_type().to_owned(),
        raw: subscription.is_raw(),
        body: envelope.unwrap_or_else(|| message.text_for(subscription.protocol.as_str()).to_owned()),
        retries: policy.retries().clone(),
    };
    delivery.put(sns, tx)
}
