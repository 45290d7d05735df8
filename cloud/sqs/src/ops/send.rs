//! `SendMessage` and `SendMessageBatch`.

use cloud_store::Tx;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::batch;
use crate::attribute_request::{self, AttributeRequests};
use crate::digest::{md5_hex, md5_of_attributes};
use crate::error::SqsError;
use crate::limits;
use crate::message::{AttributeValue, NewMessage};
use crate::name::queue_name;
use crate::queue::Queue;
use crate::sender::Sender;
use crate::service::Sqs;
use crate::settings::invalid_parameter;
use crate::traffic::Passage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMessage {
    queue_url: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SendMessageBatch {
    queue_url: String,
    #[serde(default)]
    entries: Vec<BatchEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BatchEntry {
    id: String,
    #[serde(flatten)]
    entry: Entry,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: AttributeRequests,
    #[serde(default)]
    message_system_attributes: AttributeRequests,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

/// The answer to a sender.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Sent {
    pub(crate) message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_message_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    md5_of_message_system_attributes: Option<String>,
}

const TRACE_HEADER: &str = "AWSTraceHeader";

impl Entry {
    /// The size that counts towards the size of the batch.
    fn size(&self) -> usize {
        let attributes = self.message_attributes.iter();
        self.message_body.len() + attributes.map(|(name, a)| a.size(name)).sum::<usize>()
    }

    /// Checks everything that does not depend on the queue.
    fn parse(self, sender: &Sender) -> Result<(NewMessage, Option<String>), SqsError> {
        limits::check_body(&self.message_body)?;
        let attributes = attribute_request::parse(self.message_attributes)?;
        let delay_seconds = self.delay_seconds.map(parse_delay).transpose()?;
        if let Some(id) = &self.message_deduplication_id {
            limits::check_id("MessageDeduplicationId", id)?;
            return Err(invalid_parameter(
                "MessageDeduplicationId",
                id,
                "The request include parameter that is not valid for this queue type.",
            ));
        }
        if let Some(group) = &self.message_group_id {
            limits::check_id("MessageGroupId", group)?;
        }
        if let Some(name) = self
            .message_system_attributes
            .keys()
            .find(|name| *name != TRACE_HEADER)
        {
            return Err(invalid(format!(
                "Message system attribute name '{name}' is invalid."
            )));
        }
        let system_attributes = attribute_request::parse(self.message_system_attributes)?;
        let system_digest = md5_of_attributes(&system_attributes);
        let explicit = match system_attributes.into_values().next() {
            Some(attribute) => match (attribute.data_type.as_str(), attribute.value) {
                ("String", AttributeValue::String(text)) => Some(text),
                _ => {
                    return Err(invalid(format!(
                        "The type of message system attribute '{TRACE_HEADER}' is invalid. You must use only the \
                         following supported type prefixes: String."
                    )));
                }
            },
            None => None,
        };
        let message = NewMessage {
            body: self.message_body,
            attributes,
            trace_header: explicit.or_else(|| sender.trace_header.clone()),
            group_id: self.message_group_id,
            sender_id: sender.id.clone(),
            delay_seconds,
        };
        Ok((message, system_digest))
    }
}

fn parse_delay(seconds: i64) -> Result<u32, SqsError> {
    u32::try_from(seconds)
        .ok()
        .filter(|s| *s <= limits::MAX_DELAY_SECONDS)
        .ok_or_else(|| {
            invalid_parameter(
                "DelaySeconds",
                &seconds.to_string(),
                "DelaySeconds must be >= 0 and <= 900.",
            )
        })
}

fn invalid(message: String) -> SqsError {
    SqsError::InvalidParameterValue(message)
}

/// Adds a message to a queue, within the transaction. The message is within the general limits already.
pub(crate) fn enqueue(sqs: &Sqs, tx: &Tx<'_>, queue: &Queue, message: &NewMessage) -> Result<Sent, SqsError> {
    let size = message.size();
    if size > queue.settings.maximum_message_size as usize {
        return Err(SqsError::MessageTooLong(queue.settings.maximum_message_size));
    }
    let message_id = Uuid::new_v4().to_string();
    let body_md5 = md5_hex(message.body.as_bytes());
    let attributes = (!message.attributes.is_empty())
        .then(|| serde_json::to_string(&message.attributes))
        .transpose()
        .map_err(|error| SqsError::Internal(error.to_string()))?;
    tx.prepare_cached(
        "INSERT OR FAIL INTO contents (message_id, sender_id, trace_header, body_md5, attributes, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        message_id,
        message.sender_id,
        message.trace_header,
        body_md5,
        attributes,
        message.body
    ])?;
    let delay = message.delay_seconds.unwrap_or(queue.settings.delay_seconds);
    let group = message.group_id.as_deref();
    add_message(sqs, tx, queue, tx.last_insert_rowid(), group, delay)?;
    Ok(Sent {
        message_id,
        md5_of_message_body: body_md5,
        md5_of_message_attributes: md5_of_attributes(&message.attributes),
        md5_of_message_system_attributes: None,
    })
}

/// Adds stored contents to a queue as its newest message, hidden for `delay` seconds.
pub(super) fn add_message(
    sqs: &Sqs,
    tx: &Tx<'_>,
    queue: &Queue,
    id: i64,
    group: Option<&str>,
    delay: u32,
) -> Result<(), SqsError> {
    let now = sqs.clock().now_ms();
    let due_at = if delay == 0 {
        0
    } else {
        now + i64::from(delay) * 1000
    };
    tx.prepare_cached(
        "INSERT OR FAIL INTO messages (queue_id, id, state, due_at, sent_at, group_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![queue.id, id, i64::from(delay > 0), due_at, now, group])?;
    sqs.traffic().note(tx, &queue.name, Passage::Sent, 1);
    if delay == 0 {
        sqs.signals().arrived(tx, &queue.name);
    } else {
        sqs.signals().due(tx, due_at);
    }
    Ok(())
}

pub(crate) async fn send(sqs: &Sqs, request: SendMessage, sender: &Sender) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let (message, system_digest) = request.entry.parse(sender)?;
    let service = sqs.clone();
    let sent = sqs
        .store()
        .grow(move |tx| {
            let queue = Queue::get(tx, &name)?;
            enqueue(&service, tx, &queue, &message)
        })
        .await?;
    Ok(json!(Sent {
        md5_of_message_system_attributes: system_digest,
        ..sent
    }))
}

pub(crate) async fn send_batch(
    sqs: &Sqs,
    request: SendMessageBatch,
    sender: &Sender,
) -> Result<Value, SqsError> {
    batch::check_entries(
        "SendMessageBatchRequestEntry",
        request.entries.iter().map(|e| e.id.as_str()),
    )?;
    let name = queue_name(&request.queue_url);
    let sender = sender.clone();
    let service = sqs.clone();
    let outcomes = sqs
        .store()
        .grow(move |tx| {
            let queue = Queue::get(tx, &name)?;
            // The sum counts against AWS's own limit, whatever the queue's MaximumMessageSize is: recorded from AWS.
            let size = request.entries.iter().map(|e| e.entry.size()).sum();
            if size > limits::MAX_BYTES {
                return Err(SqsError::BatchRequestTooLong(size));
            }
            let mut outcomes = Vec::with_capacity(request.entries.len());
            for BatchEntry { id, entry } in request.entries {
                let sent = entry.parse(&sender).and_then(|(message, system_digest)| {
                    let sent = enqueue(&service, tx, &queue, &message)?;
                    Ok(Sent {
                        md5_of_message_system_attributes: system_digest,
                        ..sent
                    })
                });
                // If the store fails, the whole batch fails and is rolled back.
                if let Err(error @ SqsError::Internal(_)) = sent {
                    return Err(error);
                }
                outcomes.push((id, sent));
            }
            Ok(outcomes)
        })
        .await?;
    Ok(batch::answer(outcomes))
}
