//! `ReceiveMessage`: receives the oldest ready messages. A long poll sleeps until a signal wakes it.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_store::Tx;
use rusqlite::params;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::digest::md5_of_attributes;
use crate::error::SqsError;
use crate::expiry;
use crate::message::ReceivedMessage;
use crate::name::queue_name;
use crate::queue::Queue;
use crate::receipt::{Nonce, Receipt};
use crate::service::Sqs;
use crate::settings::invalid_parameter;

/// Maximum number of messages of one queue that are in flight.
const MAX_IN_FLIGHT: i64 = 120_000;
/// Maximum number of rows that one receive reads. It skips expired messages and messages that it redrives.
const MAX_EXAMINED: usize = 100;
/// Maximum visibility timeout, in seconds.
pub(super) const MAX_VISIBILITY_SECONDS: i64 = 43_200;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReceiveMessage {
    queue_url: String,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

/// Selects the oldest ready messages and their contents.
///
/// `INDEXED BY messages_ready`: this index holds only ready messages. Without it, SQLite reads the primary
/// key and passes over all messages in flight. There is no `LIMIT ?`: SQLite prepares a statement again
/// whenever the parameter of a `LIMIT` is bound. The caller stops reading at its limit.
pub(crate) const READY: &str =
    "SELECT m.id, m.sent_at, m.first_received_at, m.receive_count, m.source_arn, c.message_id, c.body, c.body_md5, c.sender_id,
            c.trace_header, c.attributes
     FROM messages AS m INDEXED BY messages_ready JOIN contents AS c ON c.id = m.id
     WHERE m.queue_id = ?1 AND m.state = 0 AND m.id > ?2 ORDER BY m.id";
/// Changes a message to in flight.
pub(crate) const HIDE: &str = "UPDATE OR FAIL messages
    SET state = ?3, due_at = ?4, receipt = ?5, receive_count = ?6, first_received_at = ?7
    WHERE queue_id = ?1 AND id = ?2";

const SYSTEM_ATTRIBUTES: &[&str] = &[
    "All",
    "SenderId",
    "SentTimestamp",
    "ApproximateReceiveCount",
    "ApproximateFirstReceiveTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

pub(crate) async fn receive_message(sqs: &Sqs, mut request: ReceiveMessage) -> Result<Value, SqsError> {
    let max = in_range(
        "MaxNumberOfMessages",
        request.max_number_of_messages.unwrap_or(1),
        1,
        10,
    )?;
    let visibility = request
        .visibility_timeout
        .map(|s| in_range("VisibilityTimeout", s, 0, MAX_VISIBILITY_SECONDS))
        .transpose()?;
    let wait = request
        .wait_time_seconds
        .map(|s| in_range("WaitTimeSeconds", s, 0, 20))
        .transpose()?;
    request
        .attribute_names
        .append(&mut request.message_system_attribute_names);
    let system = request.attribute_names;
    if let Some(unknown) = system
        .iter()
        .find(|name| !SYSTEM_ATTRIBUTES.contains(&name.as_str()))
    {
        return Err(SqsError::InvalidAttributeName(unknown.clone()));
    }
    let max = usize::try_from(max).unwrap_or(1);
    let wait = wait.map(|s| Duration::from_secs(s.unsigned_abs()));
    let received = receive(sqs, queue_name(&request.queue_url), max, visibility, wait).await?;
    if received.is_empty() {
        return Ok(json!({}));
    }
    let messages: Vec<_> = received
        .into_iter()
        .map(|m| to_json(m, &system, &request.message_attribute_names))
        .collect();
    Ok(json!({ "Messages": messages }))
}

pub(super) fn in_range(name: &str, value: i64, low: i64, high: i64) -> Result<i64, SqsError> {
    if (low..=high).contains(&value) {
        return Ok(value);
    }
    Err(invalid_parameter(
        name,
        &value.to_string(),
        &format!("Must be between {low} and {high}, if provided."),
    ))
}

fn to_json(mut message: ReceivedMessage, system: &[String], custom: &[String]) -> Value {
    message
        .attributes
        .retain(|name, _| system.iter().any(|wanted| wanted == "All" || wanted == name));
    message
        .message_attributes
        .retain(|name, _| custom.iter().any(|wanted| is_wanted(name, wanted)));
    let mut json = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.md5_of_body,
        "Body": message.body,
    });
    if !message.attributes.is_empty() {
        json["Attributes"] = json!(message.attributes);
    }
    if let Some(digest) = md5_of_attributes(&message.message_attributes) {
        json["MD5OfMessageAttributes"] = json!(digest);
        json["MessageAttributes"] = json!(message.message_attributes);
    }
    json
}

/// Returns true if `wanted` selects the attribute. `All` and `.*` select every attribute, `prefix.*` those
/// that start with `prefix`.
fn is_wanted(name: &str, wanted: &str) -> bool {
    wanted == "All"
        || wanted == name
        || wanted
            .strip_suffix(".*")
            .is_some_and(|prefix| name.starts_with(prefix))
}

/// Receives up to `max` messages and hides them for `visibility` seconds. Waits up to `wait` for the first
/// message. `None` means the value of the queue.
pub(crate) async fn receive(
    sqs: &Sqs,
    queue: String,
    max: usize,
    visibility: Option<i64>,
    wait: Option<Duration>,
) -> Result<Vec<ReceivedMessage>, SqsError> {
    let begun = Instant::now();
    let arrivals = sqs.signals().arrivals(&queue);
    let mut stopping = sqs.stopping();
    loop {
        // Register for the signal before reading the queue. A message that arrives between the two is not
        // missed.
        let arrival = arrivals.notified();
        tokio::pin!(arrival);
        arrival.as_mut().enable();
        let (service, name) = (sqs.clone(), queue.clone());
        let (Taken { received, skipped }, own_wait) = sqs
            .store()
            .run(move |tx| {
                let queue = Queue::get(tx, &name)?;
                let wait = Duration::from_secs(queue.settings.receive_wait_seconds.into());
                Ok::<_, SqsError>((take(&service, tx, &queue, max, visibility)?, wait))
            })
            .await?;
        if received.is_empty() && skipped {
            // There may be good messages behind those that were expired. Nobody signals them.
            continue;
        }
        let deadline = begun + wait.unwrap_or(own_wait);
        if !received.is_empty() || Instant::now() >= deadline || *stopping.borrow() {
            return Ok(received);
        }
        tokio::select! {
            () = arrival => {}
            () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
            _ = stopping.wait_for(|stop| *stop) => return Ok(Vec::new()),
        }
    }
}

/// The result of looking at the oldest messages of a queue.
struct Taken {
    received: Vec<ReceivedMessage>,
    /// Whether it ended at [`MAX_EXAMINED`], so that there may be more messages.
    skipped: bool,
}

/// A ready message that may still be expired or due for redrive.
struct Candidate {
    row: i64,
    sent_at: i64,
    first_received_at: Option<i64>,
    receive_count: u32,
    source_arn: Option<String>,
    message_id: String,
    body: String,
    body_md5: String,
    sender_id: String,
    trace_header: Option<String>,
    /// As JSON.
    message_attributes: Option<String>,
}

fn take(
    sqs: &Sqs,
    tx: &Tx<'_>,
    queue: &Queue,
    max: usize,
    visibility: Option<i64>,
) -> Result<Taken, SqsError> {
    let now = sqs.clock().now_ms();
    expiry::pass(sqs, tx, now)?;
    let in_flight = queue.counts(tx)?.in_flight;
    if in_flight >= MAX_IN_FLIGHT {
        return Err(SqsError::OverLimit);
    }
    let room = usize::try_from(MAX_IN_FLIGHT - in_flight).unwrap_or(0).min(max);
    let hidden_for = visibility.unwrap_or_else(|| queue.settings.visibility_timeout.into()) * 1000;
    let nonce = Nonce::new();
    let mut received = Vec::with_capacity(room);
    let (mut examined, mut last) = (0, 0);
    while received.len() < room && examined < MAX_EXAMINED {
        let candidates = oldest(tx, queue, last, room - received.len())?;
        let Some(youngest) = candidates.last() else {
            break;
        };
        last = youngest.row;
        examined += candidates.len();
        for candidate in candidates {
            if candidate.sent_at <= queue.retention_cutoff(now) {
                tx.prepare_cached(expiry::ONE)?
                    .execute([queue.id, candidate.row])?;
            } else if !expiry::redrive(sqs, tx, queue, candidate.row, candidate.receive_count)? {
                received.push(hide(sqs, tx, queue, candidate, nonce, now, hidden_for)?);
            }
        }
    }
    if !received.is_empty() {
        if hidden_for == 0 {
            sqs.signals().arrived(tx, &queue.name);
        } else {
            sqs.signals().due(tx, now + hidden_for);
        }
    }
    Ok(Taken {
        received,
        skipped: examined >= MAX_EXAMINED,
    })
}

/// Returns up to `limit` ready messages with a row id above `after`.
fn oldest(tx: &Tx<'_>, queue: &Queue, after: i64, limit: usize) -> Result<Vec<Candidate>, SqsError> {
    let mut statement = tx.prepare_cached(READY)?;
    let rows = statement.query_map([queue.id, after], |row| {
        Ok(Candidate {
            row: row.get(0)?,
            sent_at: row.get(1)?,
            first_received_at: row.get(2)?,
            receive_count: row.get(3)?,
            source_arn: row.get(4)?,
            message_id: row.get(5)?,
            body: row.get(6)?,
            body_md5: row.get(7)?,
            sender_id: row.get(8)?,
            trace_header: row.get(9)?,
            message_attributes: row.get(10)?,
        })
    })?;
    Ok(rows.take(limit).collect::<Result<_, _>>()?)
}

/// Changes one message to in flight.
fn hide(
    sqs: &Sqs,
    tx: &Tx<'_>,
    queue: &Queue,
    candidate: Candidate,
    nonce: Nonce,
    now: i64,
    hidden_for: i64,
) -> Result<ReceivedMessage, SqsError> {
    let receipt = Receipt {
        row: candidate.row,
        nonce,
    };
    // With a visibility timeout of 0 the message stays ready.
    let (state, due_at) = if hidden_for == 0 {
        (0, 0)
    } else {
        (2, now + hidden_for)
    };
    let receive_count = candidate.receive_count.saturating_add(1);
    let first_received_at = candidate.first_received_at.unwrap_or(now);
    tx.prepare_cached(HIDE)?.execute(params![
        queue.id,
        candidate.row,
        state,
        due_at,
        nonce.0,
        receive_count,
        first_received_at
    ])?;
    let attributes = [
        ("ApproximateReceiveCount", Some(receive_count.to_string())),
        (
            "SentTimestamp",
            Some(sqs.clock().wall_ms(candidate.sent_at).to_string()),
        ),
        (
            "ApproximateFirstReceiveTimestamp",
            Some(sqs.clock().wall_ms(first_received_at).to_string()),
        ),
        ("SenderId", Some(candidate.sender_id)),
        ("AWSTraceHeader", candidate.trace_header),
        ("DeadLetterQueueSourceArn", candidate.source_arn),
    ];
    let message_attributes = match candidate.message_attributes {
        Some(json) => serde_json::from_str(&json).map_err(|error| SqsError::Internal(error.to_string()))?,
        None => BTreeMap::new(),
    };
    Ok(ReceivedMessage {
        message_id: candidate.message_id,
        receipt_handle: receipt.encode(&queue.name),
        body: candidate.body,
        md5_of_body: candidate.body_md5,
        attributes: attributes
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect(),
        message_attributes,
    })
}

#[cfg(test)]
mod tests {
    use super::is_wanted;

    #[test]
    fn attribute_names_are_chosen_by_name_and_prefix() {
        assert!(is_wanted("error_code", "All"));
        assert!(is_wanted("error_code", ".*"));
        assert!(is_wanted("error.code", "error.*"));
        assert!(is_wanted("error_code", "error_code"));
        assert!(!is_wanted("error_code", "error"));
        assert!(!is_wanted("code", "error.*"));
    }
}
// x
// x
// x
// x
// x
// x
// x
// x
// x
