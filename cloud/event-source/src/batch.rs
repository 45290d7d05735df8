//! Gathering a batch: up to its size, its window and Lambda's payload limit.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::time::Duration;

use cloud_lambda::MAX_PAYLOAD_BYTES;
use cloud_sqs::{ReceivedMessage, SqsError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::record;
use crate::source::Source;

/// SQS's longest poll.
const LONG_POLL: Duration = Duration::from_secs(20);
/// Most messages of one receive.
const MAX_PER_RECEIVE: usize = 10;
const HEAD: &[u8] = br#"{"Records":["#;
const TAIL: &[u8] = b"]}";

/// What batches of a mapping are made by.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) size: usize,
    pub(crate) window: Duration,
    pub(crate) queue_arn: String,
    pub(crate) region: String,
}

/// Messages on their way to a function.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Message ids and receipt handles.
    messages: Vec<(String, String)>,
    /// The event so far, without its tail.
    event: Vec<u8>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn ids(&self) -> BTreeSet<&str> {
        self.messages.iter().map(|(id, _)| id.as_str()).collect()
    }

    /// The receipt handles of all messages but these.
    pub(crate) fn handles_but(&self, failed: &BTreeSet<String>) -> Vec<String> {
        let done = self.messages.iter().filter(|(id, _)| !failed.contains(id));
        done.map(|(_, handle)| handle.clone()).collect()
    }

    /// The event as Lambda's payload; it is taken out.
    pub(crate) fn take_event(&mut self) -> Vec<u8> {
        let mut event = std::mem::take(&mut self.event);
        event.extend_from_slice(TAIL);
        event
    }

    /// Adds a record unless the event would pass the limit. The first record is always taken.
    fn add(&mut self, message: &ReceivedMessage, record: &[u8]) -> bool {
        if self.messages.is_empty() {
            self.event.extend_from_slice(HEAD);
        } else if self.event.len() + 1 + record.len() + TAIL.len() > MAX_PAYLOAD_BYTES {
            return false;
        } else {
            self.event.push(b',');
        }
        self.event.extend_from_slice(record);
        self.messages
            .push((message.message_id.clone(), message.receipt_handle.clone()));
        true
    }
}

/// How long a receive may go on after a stop: one that is at work takes milliseconds, one that waits is given up.
const RECEIVE_GRACE: Duration = Duration::from_millis(100);

/// Gathers the next batch; it is empty if nothing came within a long poll. A stop cuts it short.
///
/// `carried` holds messages that were received and did not fit: they open the next batch.
pub(crate) async fn gather(
    source: &impl Source,
    limits: &Limits,
    carried: &mut VecDeque<ReceivedMessage>,
    stopping: &CancellationToken,
) -> Result<Batch, SqsError> {
    let mut batch = Batch::default();
    let mut window_ends = None;
    loop {
        while let Some(message) = carried.pop_front() {
            if batch.len() == limits.size || !take(&mut batch, &message, limits) {
                carried.push_front(message);
                return Ok(batch);
            }
        }
        if batch.len() == limits.size || stopping.is_cancelled() {
            return Ok(batch);
        }
        let wait = if batch.is_empty() {
            LONG_POLL
        } else {
            let ends = *window_ends.get_or_insert_with(|| Instant::now() + limits.window);
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(batch);
            }
            left.min(LONG_POLL)
        };
        let max = (limits.size - batch.len()).min(MAX_PER_RECEIVE);
        let received = match receive(source, max, wait, stopping).await {
            // What was gathered before must not wait for its visibility timeout.
            Err(error) if !batch.is_empty() => {
                tracing::warn!(%error, queue = limits.queue_arn, "a batch is cut short by a failed receive");
                return Ok(batch);
            }
            result => result?,
        };
        if received.is_empty() && batch.is_empty() {
            return Ok(batch);
        }
        carried.extend(received);
    }
}

/// Receives, and does not drop the work half done when a stop comes: what it took would stay invisible.
async fn receive(
    source: &impl Source,
    max: usize,
    wait: Duration,
    stopping: &CancellationToken,
) -> Result<Vec<ReceivedMessage>, SqsError> {
    let mut receive = pin!(source.receive(max, wait));
    tokio::select! {
        result = &mut receive => result,
        () = stopping.cancelled() => tokio::time::timeout(RECEIVE_GRACE, receive).await.unwrap_or(Ok(Vec::new())),
    }
}

/// A message that cannot be written as JSON does not exist: its body is a string. It would be left to redrive.
fn take(batch: &mut Batch, message: &ReceivedMessage, limits: &Limits) -> bool {
    match record::encode(message, &limits.queue_arn, &limits.region) {
        Ok(record) => batch.add(message, &record),
        Err(error) => {
            tracing::error!(%error, message_id = message.message_id, "a message has no JSON form");
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::Value;

    use super::super::record::tests::message;
    use super::*;

    /// Long enough for a busy machine to receive what lies there, short enough to be waited for to its end.
    const WINDOW: Duration = Duration::from_secs(2);

    /// Gives out its receives one after the other, then nothing.
    struct Scripted(Mutex<VecDeque<Vec<ReceivedMessage>>>);

    impl Scripted {
        fn new(receives: impl IntoIterator<Item = Vec<ReceivedMessage>>) -> Self {
            Self(Mutex::new(receives.into_iter().collect()))
        }
    }

    impl Source for Scripted {
        async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<ReceivedMessage>, SqsError> {
            let next = self.0.lock().unwrap().pop_front();
            if next.is_none() && wait < LONG_POLL {
                tokio::time::sleep(wait).await;
            }
            let messages = next.unwrap_or_default();
            assert!(messages.len() <= max);
            Ok(messages)
        }

        async fn delete(&self, _: Vec<String>) -> Result<(), SqsError> {
            Ok(())
        }

        async fn release(&self, _: Vec<String>) -> Result<(), SqsError> {
            Ok(())
        }
    }

    fn messages(count: usize, body: &str) -> Vec<ReceivedMessage> {
        (0..count)
            .map(|number| message(&format!("m{number}"), body))
            .collect()
    }

    fn limits(size: usize, window: Duration) -> Limits {
        Limits {
            size,
            window,
            queue_arn: "arn".to_owned(),
            region: "us-east-1".to_owned(),
        }
    }

    async fn gather_sizes(source: &Scripted, limits: &Limits) -> Vec<usize> {
        let mut carried = VecDeque::new();
        let mut sizes = Vec::new();
        loop {
            let mut batch = gather(source, limits, &mut carried, &CancellationToken::new())
                .await
                .unwrap();
            if batch.is_empty() {
                return sizes;
            }
            let event: Value = serde_json::from_slice(&batch.take_event()).unwrap();
            assert_eq!(event["Records"].as_array().unwrap().len(), batch.len());
            sizes.push(batch.len());
        }
    }

    #[tokio::test]
    async fn without_a_window_one_receive_is_a_batch() {
        let source = Scripted::new([messages(3, "a"), messages(10, "a")]);
        assert_eq!(gather_sizes(&source, &limits(10, Duration::ZERO)).await, [3, 10]);
    }

    #[tokio::test]
    async fn within_a_window_several_receives_are_a_batch() {
        let source = Scripted::new([
            messages(10, "a"),
            messages(10, "a"),
            messages(5, "a"),
            messages(1, "a"),
        ]);
        assert_eq!(gather_sizes(&source, &limits(25, WINDOW)).await, [25, 1]);
    }

    #[tokio::test]
    async fn a_batch_stays_within_the_payload_limit() {
        let body = "x".repeat(1_000_000);
        let source = Scripted::new([messages(10, &body), messages(4, &body)]);
        assert_eq!(gather_sizes(&source, &limits(100, WINDOW)).await, [6, 6, 2]);
    }
}
