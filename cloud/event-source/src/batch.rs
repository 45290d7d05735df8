//! Collects a batch, limited by the batch size, the batching window and Lambda's payload limit.

use std::collections::{BTreeSet, VecDeque};
use std::pin::pin;
use std::time::Duration;

use cloud_lambda::MAX_PAYLOAD_BYTES;
use cloud_sqs::{ReceivedMessage, SqsError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::record;
use crate::source::Source;

/// The longest wait of a long poll in SQS.
const LONG_POLL: Duration = Duration::from_secs(20);
/// The maximum number of messages of one receive.
const MAX_PER_RECEIVE: usize = 10;
const HEAD: &[u8] = br#"{"Records":["#;
const TAIL: &[u8] = b"]}";

/// The limits of a mapping's batches.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) size: usize,
    pub(crate) window: Duration,
    pub(crate) queue_arn: String,
    pub(crate) region: String,
}

/// The messages of one invocation.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Message ids and receipt handles.
    messages: Vec<(String, String)>,
    /// The event JSON so far, without its end.
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

    /// Returns the receipt handles of all messages except these.
    pub(crate) fn handles_but(&self, failed: &BTreeSet<String>) -> Vec<String> {
        let done = self.messages.iter().filter(|(id, _)| !failed.contains(id));
        done.map(|(_, handle)| handle.clone()).collect()
    }

    /// Takes the event out and returns it as the payload of an invocation.
    pub(crate) fn take_event(&mut self) -> Vec<u8> {
        let mut event = std::mem::take(&mut self.event);
        event.extend_from_slice(TAIL);
        event
    }

    /// Adds a record unless the event would exceed the payload limit. The first record is always added.
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

/// How long a receive may continue after a stop. A receive that has found messages needs milliseconds; one
/// that still waits is cancelled.
const RECEIVE_GRACE: Duration = Duration::from_millis(100);

/// Collects the next batch. It is empty if no message came within a long poll. A stop ends the collection
/// early.
///
/// `carried` holds messages that were received but did not fit. They start the next batch.
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
            // Return the messages received before, so that they need not wait for their visibility timeout.
            Err(error) if !batch.is_empty() => {
                tracing::warn!(%error, queue = limits.queue_arn, "a receive failed; invoking with the messages received before");
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

/// Receives messages. After a stop, a running receive may finish, because messages that it took would
/// otherwise stay in flight until their visibility timeout.
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

/// Adds a message to the batch. Encoding cannot fail, because every field is a string or a map of strings. If
/// it did, the message would be left out and redriven later.
fn take(batch: &mut Batch, message: &ReceivedMessage, limits: &Limits) -> bool {
    match record::encode(message, &limits.queue_arn, &limits.region) {
        Ok(record) => batch.add(message, &record),
        Err(error) => {
            tracing::error!(%error, message_id = message.message_id, "a message could not be encoded as JSON");
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

    /// Long enough for a busy machine to receive all messages, and short enough for a test to wait until it
    /// ends.
    const WINDOW: Duration = Duration::from_secs(2);

    /// Returns its prepared receives one after the other, then none.
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
