//! `SendMessage` and `SendMessageBatch`.

use std::collections::BTreeMap;

use cloud_store::Tx;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::batch;
use crate::digest::{md5_hex, md5_of_attributes};
use crate::error::SqsError;
use crate::limits;
use crate::message::{AttributeValue, MessageAttribute, NewMessage};
use crate::name::queue_name;
use crate::queue::Queue;
use crate::service::Sqs;
use crate::settings::invalid_parameter;

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
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, MessageAttribute>,
    message_deduplication_id: Option<String>,
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
    /// Checks everything that does not depend on the queue.
    fn parse(self, sender: &str) -> Result<(NewMessage, Option<String>), SqsError> {
        if self.message_deduplication_id.is_some() {
            return Err(invalid(
                "The request includes a parameter that is not valid for this queue type.".to_owned(),
            ));
        }
        limits::check_body(&self.message_body)?;
        limits::check_attributes(&self.message_attributes)?;
        let delay_seconds = self.delay_seconds.map(parse_delay).transpose()?;
        let system_digest = md5_of_attributes(&self.message_system_attributes);
        let mut trace_header = None;
        for (name, attribute) in self.message_system_attributes {
            match (name.as_str(), attribute.data_type.as_str(), attribute.value) {
                (TRACE_HEADER, "String", AttributeValue::String(text)) => {
                    trace_header = Some(text);
                }
                _ => {
                    return Err(invalid(format!("Message system attribute '{name}' is invalid.")));
                }
            }
        }
        let message = NewMessage {
            body: self.message_body,
            attributes: self.message_attributes,
            trace_header,
            sender_id: sender.to_owned(),
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
        return Err(invalid(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
            queue.settings.maximum_message_size
        )));
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
    add_message(sqs, tx, queue, tx.last_insert_rowid(), delay)?;
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
    delay: u32,
) -> Result<(), SqsError> {
    let now = sqs.clock().now_ms();
    let due_at = if delay == 0 {
        0
    } else {
        now + i64::from(delay) * 1000
    };
    tx.prepare_cached(
        "INSERT OR FAIL INTO messages (queue_id, id, state, due_at, sent_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![queue.id, id, i64::from(delay > 0), due_at, now])?;
    if delay == 0 {
        sqs.signals().arrived(tx, &queue.name);
    } else {
        sqs.signals().due(tx, due_at);
    }
    Ok(())
}

pub(crate) async fn send(sqs: &Sqs, request: SendMessage, sender: &str) -> Result<Value, SqsError> {
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
    sender: &str,
) -> Result<Value, SqsError> {
    batch::check_entries(
        "SendMessageBatchRequestEntry",
        request.entries.iter().map(|e| e.id.as_str()),
    )?;
    let name = queue_name(&request.queue_url);
    let sender = sender.to_owned();
    let service = sqs.clone();
    let outcomes = sqs
        .store()
        .grow(move |tx| {
            let queue = Queue::get(tx, &name)?;
            let entries: Vec<_> = request
                .entries
                .into_iter()
                .map(|e| (e.id, e.entry.parse(&sender)))
                .collect();
            let size = entries
                .iter()
                .filter_map(|(_, e)| e.as_ref().ok())
                .map(|(m, _)| m.size())
                .sum();
            if size > limits::MAX_BYTES {
                return Err(SqsError::BatchRequestTooLong(size));
            }
            let mut outcomes = Vec::with_capacity(entries.len());
            for (id, entry) in entries {
                let sent = entry.and_then(|(message, system_digest)| {
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
