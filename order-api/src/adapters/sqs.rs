//! The queue of accepted orders, on SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::join_all;
use order_core::OrderMessage;

use super::causes;
use crate::ports::{OrderQueue, QueueError};

/// The most messages of one call.
const MAX_MESSAGES: usize = 10;
/// The most bytes of one call. SQS takes 1 MiB since August 2025; a quarter, which was the limit before, is what every
/// emulator and every queue of older settings takes too, and costs nothing: SQS charges by 64 KB.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const MAX_BYTES: usize = 256 * 1024;

/// Sends to one SQS queue. Needs `sqs:SendMessage`, which covers batches too.
#[derive(Debug, Clone)]
pub struct SqsOrderQueue {
    client: Client,
    queue_url: String,
}

impl SqsOrderQueue {
    /// The queue at `queue_url`.
    #[must_use]
    pub fn new(sdk: &SdkConfig, queue_url: String) -> Self {
        Self {
            client: Client::new(sdk),
            queue_url,
        }
    }
}

impl OrderQueue for SqsOrderQueue {
    async fn send(&self, message: &OrderMessage) -> Result<(), QueueError> {
        // A retry after a lost response enqueues a second copy; both carry the same id and fingerprint.
        let sent = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(message.to_json())
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| QueueError(causes(&error)))
    }

    async fn send_all(&self, messages: &[OrderMessage]) -> Vec<Result<(), QueueError>> {
        let bodies: Vec<String> = messages.iter().map(OrderMessage::to_json).collect();
        // All at once: one after the other they would not end within the function's time on a slow day.
        let calls = packed(&bodies).into_iter().map(|bodies| self.send_batch(bodies));
        join_all(calls).await.concat()
    }
}

impl SqsOrderQueue {
    async fn send_batch(&self, bodies: &[String]) -> Vec<Result<(), QueueError>> {
        match self.try_send_batch(bodies).await {
            Ok(results) => results,
            Err(error) => vec![Err(error); bodies.len()],
        }
    }

    async fn try_send_batch(&self, bodies: &[String]) -> Result<Vec<Result<(), QueueError>>, QueueError> {
        let mut call = self.client.send_message_batch().queue_url(&self.queue_url);
        for (index, body) in bodies.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(body)
                .build();
            call = call.entries(entry.map_err(|error| QueueError(causes(&error)))?);
        }
        let answer = call.send().await.map_err(|error| QueueError(causes(&error)))?;
        // What is in neither list is not known to be in the queue.
        let mut results = vec![Err(QueueError("no answer for the message".to_owned())); bodies.len()];
        let mut settle = |id: &str, result| {
            if let Some(slot) = id.parse().ok().and_then(|index: usize| results.get_mut(index)) {
                *slot = result;
            }
        };
        for sent in answer.successful() {
            settle(sent.id(), Ok(()));
        }
        for failed in answer.failed() {
            settle(failed.id(), Err(QueueError(failed.code().to_owned())));
        }
        Ok(results)
    }
}

/// The bodies in their order, cut into calls.
fn packed(bodies: &[String]) -> Vec<&[String]> {
    let mut calls = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, body) in bodies.iter().enumerate() {
        if index > start && (index - start == MAX_MESSAGES || bytes + body.len() > MAX_BYTES) {
            calls.push(&bodies[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += body.len();
    }
    if start < bodies.len() {
        calls.push(&bodies[start..]);
    }
    calls
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn calls_hold_every_body_in_order_within_the_limits(
            // An order's message is far below a call's limit.
            lengths in prop::collection::vec(prop_oneof![1..2000_usize, 1..100_000_usize], 0..=100),
        ) {
            let bodies: Vec<String> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let calls = packed(&bodies);
            prop_assert_eq!(&calls.concat(), &bodies);
            for call in &calls {
                prop_assert!((1..=MAX_MESSAGES).contains(&call.len()));
                prop_assert!(call.iter().map(String::len).sum::<usize>() <= MAX_BYTES);
            }
            // A call ends only where the next body would not fit.
            for pair in calls.windows(2) {
                let bytes: usize = pair[0].iter().map(String::len).sum();
                prop_assert!(pair[0].len() == MAX_MESSAGES || bytes + pair[1][0].len() > MAX_BYTES);
            }
        }
    }
}
