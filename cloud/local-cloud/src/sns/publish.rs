//! `Publish` and `PublishBatch`: one transaction from the topic into every queue and mailbox.

use std::collections::{BTreeMap, HashSet};

use uuid::Uuid;

use super::error::SnsError;
use super::request::message_attributes;
use super::subscription::{Protocol, Subscription};
use super::{Sns, email, envelope, topic};
use crate::form::Form;
use crate::iam::{self, Caller, Permission};
use crate::sqs::limits::MAX_ATTRIBUTES;
use crate::sqs::message::NewMessage;
use crate::sqs::name::{self, is_identifier};
use crate::sqs::queue::Queue;
use crate::sqs::{MessageAttribute, SqsError, enqueue};
use crate::store::Tx;
use crate::xml::Xml;

/// Bytes of one message, and of a whole batch.
const MAX_BYTES: usize = 262_144;
/// Entries of one batch.
const MAX_ENTRIES: usize = 10;

/// A message that is within the limits.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The text for each protocol that has one of its own, and `default`.
    texts: BTreeMap<String, String>,
    pub(super) subject: Option<String>,
    pub(super) attributes: BTreeMap<String, MessageAttribute>,
    size: usize,
}

impl Message {
    pub(super) fn parse(form: &Form) -> Result<Self, SnsError> {
        let text = form.get("Message").unwrap_or_default();
        if text.is_empty() {
            return Err(SnsError::InvalidParameter("Empty message".to_owned()));
        }
        let subject = form.get("Subject").map(parse_subject).transpose()?;
        let attributes = message_attributes(form)?;
        let attributes_size: usize = attributes
            .iter()
            .map(|(name, a)| name.len() + a.data_type.len() + a.value.size())
            .sum();
        let size = text.len() + attributes_size;
        let texts = match form.get("MessageStructure") {
            None | Some("") => BTreeMap::from([("default".to_owned(), text.to_owned())]),
            Some("json") => parse_structure(text)?,
            Some(_) => return Err(SnsError::InvalidParameter("MessageStructure".to_owned())),
        };
        Ok(Self {
            texts,
            subject,
            attributes,
            size,
        })
    }

    /// The text that a protocol's subscribers get.
    pub(super) fn text_for(&self, protocol: &str) -> &str {
        // `default` is always there: parsing saw to it.
        self.texts
            .get(protocol)
            .or_else(|| self.texts.get("default"))
            .map_or("", String::as_str)
    }
}

/// A subject is ASCII, begins with a letter, a digit or punctuation, has no line breaks or control characters and is
/// under 100 characters long. Source: SNS API Reference, `Publish`.
fn parse_subject(subject: &str) -> Result<String, SnsError> {
    let sound = (1..100).contains(&subject.len())
        && subject.chars().all(|c| matches!(c, ' '..='~'))
        && subject.starts_with(|c: char| c.is_ascii_graphic());
    if sound {
        Ok(subject.to_owned())
    } else {
        Err(SnsError::InvalidParameter("Subject".to_owned()))
    }
}

fn parse_structure(text: &str) -> Result<BTreeMap<String, String>, SnsError> {
    let texts: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).map_err(|_| {
        SnsError::InvalidParameter("Message Structure - JSON message body failed to parse".to_owned())
    })?;
    // Entries that are not strings are passed over, as on AWS.
    let texts: BTreeMap<_, _> = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key, text.as_str()?.to_owned())))
        .collect();
    if texts.contains_key("default") {
        return Ok(texts);
    }
    Err(SnsError::InvalidParameter(
        "Message Structure - No default entry in JSON message body".to_owned(),
    ))
}

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
        .run(move |tx| {
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
        .run(move |tx| {
            topic::get(tx, &topic_arn)?;
            let mut outcomes = Vec::with_capacity(messages.len());
            for (entry, message) in messages {
                // Read anew for each: an email may have suspended its subscription.
                let subscriptions = Subscription::of_topic(tx, &topic_arn)?;
                match message.and_then(|message| fan_out(&service, tx, &subscriptions, &message)) {
                    // The store's failure is the whole batch's: nothing of it is kept.
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

/// Delivers a message to all who are to have it; answers its id.
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
                    envelope::for_queue(subscription, message, &message_id, &sns.0.base_url, sns.now_ms());
                to_queue(sns, tx, subscription, &delivery)?;
            }
            Protocol::Sqs => {}
        }
    }
    Ok(message_id)
}

/// Puts a delivery into the subscription's queue or, failing that, into its dead-letter queue.
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
            "{arn} discards a message: raw delivery has room for ten attributes"
        );
        return Ok(());
    }
    let queue = name::from_arn(&subscription.endpoint).unwrap_or_default();
    let topic = &subscription.topic_arn;
    let refusal = match try_enqueue(sns, tx, topic, queue, delivery)? {
        Ok(()) => return Ok(()),
        Err(refusal) => refusal,
    };
    let Some(dead_letters) = subscription.dead_letter_queue() else {
        tracing::warn!(
            subscription = arn,
            reason = refusal.code(),
            "{arn} cannot deliver and has no dead-letter queue"
        );
        return Ok(());
    };
    if let Err(refusal) = try_enqueue(sns, tx, topic, &dead_letters, delivery)? {
        tracing::warn!(
            subscription = arn,
            reason = refusal.code(),
            "{arn}'s dead-letter queue refuses a message"
        );
    }
    Ok(())
}

/// The outer error is the store's and undoes the publish, the inner one is the queue's, which has to let SNS in.
fn try_enqueue(
    sns: &Sns,
    tx: &Tx<'_>,
    topic_arn: &str,
    queue: &str,
    delivery: &NewMessage,
) -> Result<Result<(), SqsError>, SnsError> {
    let caller = Caller::Service {
        name: iam::SNS,
        source_arn: topic_arn.to_owned(),
    };
    let permission = Permission::new("sqs:SendMessage", sns.sqs().arn(queue));
    let enqueued = Queue::get(tx, queue).and_then(|queue| {
        let allowed = sns.iam().authorize(&caller, &permission);
        allowed.map_err(|denial| SqsError::AccessDenied(denial.to_string()))?;
        enqueue(sns.sqs(), tx, &queue, delivery)
    });
    match enqueued {
        Err(SqsError::Internal(reason)) => Err(SnsError::Internal(reason)),
        outcome => Ok(outcome.map(drop)),
    }
}

#[cfg(test)]
mod tests {
    use super::parse_subject;

    #[test]
    fn subjects_are_short_printable_ascii() {
        for good in ["Order 1a2b3c4d", "!", &"x".repeat(99)] {
            parse_subject(good).unwrap();
        }
        for bad in ["", " leading", "two\nlines", "tab\t", "käse", &"x".repeat(100)] {
            assert!(parse_subject(bad).is_err(), "{bad}");
        }
    }
}
