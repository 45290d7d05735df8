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
use crate::ready::{Candidate, ReadyMessages};
use crate::receipt::{Nonce, Receipt};
use crate::service::Sqs;
use crate::settings::invalid_parameter;
use crate::traffic::Passage;

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

/// Changes a message to in flight.
pub(crate) const HIDE: &str = "UPDATE OR FAIL messages
    SET state = ?3, due_at = ?4, receipt = ?5, receive_count = ?6, first_received_at = ?7, received_at = ?8
    WHERE queue_id = ?1 AND id = ?2";

/// Selects every attribute.
const ALL: &str = "All";
const SYSTEM_ATTRIBUTES: &[&str] = &[
    ALL,
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

pub(crate) async fn receive_message(sqs: &Sqs, request: ReceiveMessage) -> Result<Value, SqsError> {
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
    let wait = request.wait_time_seconds.map(parse_wait).transpose()?;
    // The older name of the parameter counts only without the newer one: recorded from AWS.
    let system = if request.message_system_attribute_names.is_empty() {
        request.attribute_names
    } else {
        request.message_system_attribute_names
    };
    if let Some(unknown) = system
        .iter()
        .find(|name| !SYSTEM_ATTRIBUTES.contains(&name.as_str()))
    {
        return Err(SqsError::unknown_attribute(unknown));
    }
    let max = usize::try_from(max).unwrap_or(1);
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

fn parse_wait(seconds: i64) -> Result<Duration, SqsError> {
    if (0..=20).contains(&seconds) {
        return Ok(Duration::from_secs(seconds.unsigned_abs()));
    }
    Err(invalid_parameter(
        "WaitTimeSeconds",
        &seconds.to_string(),
        "Must be >= 0 and <= 20, if provided.",
    ))
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
        .retain(|name, _| system.iter().any(|wanted| wanted == ALL || wanted == name));
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

/// Returns true if `wanted` selects the attribute. `All`, `*` and `.*` select every attribute, `prefix.*` those
/// that start with `prefix`. Source: recorded answers of `ReceiveMessage`.
fn is_wanted(name: &str, wanted: &str) -> bool {
    wanted == ALL
        || wanted == "*"
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
    let mut incarnation = None;
    loop {
        // Register for the signal before reading the queue. A message that arrives between the two is not
        // missed.
        let arrival = arrivals.notified();
        tokio::pin!(arrival);
        arrival.as_mut().enable();
        let (service, name) = (sqs.clone(), queue.clone());
        let (taken, own_wait, found) = sqs
            .store()
            .run(move |tx| {
                let queue = Queue::get(tx, &name)?;
                // The queue that this poll waits for was deleted, and another one was created under its name.
                if incarnation.is_some_and(|own| own != queue.incarnation) {
                    return Err(SqsError::QueueDoesNotExist);
                }
                let wait = Duration::from_secs(queue.settings.receive_wait_seconds.into());
                Ok((
                    take(&service, tx, &queue, max, visibility)?,
                    wait,
                    queue.incarnation,
                ))
            })
            .await?;
        incarnation = Some(found);
        let wait = wait.unwrap_or(own_wait);
        let deadline = begun + wait;
        match taken {
            // A long poll waits for a message to leave the flight and gets no error. Source: SQS Developer Guide,
            // "Message quotas", messages in flight.
            Taken::LimitReached if wait.is_zero() => return Err(SqsError::OverLimit),
            Taken::Messages(received) if !received.is_empty() => return Ok(received),
            // There may be good messages behind those that were expired. Nobody signals them.
            Taken::Skipped => continue,
            Taken::LimitReached | Taken::Messages(_) => {}
        }
        if Instant::now() >= deadline || *stopping.borrow() {
            return Ok(Vec::new());
        }
        tokio::select! {
            () = arrival => {}
            () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
            _ = stopping.wait_for(|stop| *stop) => return Ok(Vec::new()),
        }
    }
}

/// The result of looking at the next messages of a queue.
enum Taken {
    Messages(Vec<ReceivedMessage>),
    /// It ended at [`MAX_EXAMINED`] without a message, so that there may be more of them.
    Skipped,
    /// As many messages as possible are in flight already.
    LimitReached,
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
    let room = sqs.limits().max_in_flight() - in_flight;
    if room <= 0 {
        sqs.signals().note_full(&queue.name);
        return Ok(Taken::LimitReached);
    }
    let room = usize::try_from(room).unwrap_or(usize::MAX).min(max);
    let hidden_for = visibility.unwrap_or_else(|| queue.settings.visibility_timeout.into()) * 1000;
    let nonce = Nonce::new();
    let mut received = Vec::with_capacity(room);
    let mut ready = ReadyMessages::new(in_flight);
    while received.len() < room && ready.examined() < MAX_EXAMINED {
        let candidates = ready.next(tx, queue, room - received.len())?;
        if candidates.is_empty() {
            break;
        }
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
        sqs.traffic()
            .note(tx, &queue.name, Passage::Received, received.len());
        if hidden_for == 0 {
            sqs.signals().arrived(tx, &queue.name);
        } else {
            sqs.signals().due(tx, now + hidden_for);
        }
    }
    if received.is_empty() && ready.examined() >= MAX_EXAMINED {
        return Ok(Taken::Skipped);
    }
    Ok(Taken::Messages(received))
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
        first_received_at,
        now
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
        ("MessageGroupId", candidate.group_id),
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
        assert!(is_wanted("error_code", "*"));
        assert!(is_wanted("error_code", ".*"));
        assert!(is_wanted("error.code", "error.*"));
        assert!(is_wanted("error_code", "error_code"));
        assert!(!is_wanted("error_code", "error"));
        assert!(!is_wanted("code", "error.*"));
    }
}
