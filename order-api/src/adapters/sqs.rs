//! The queue of accepted orders, on SQS.

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use order_core::OrderMessage;

use super::causes;
use crate::ports::{OrderQueue, QueueError};

/// Sends to one SQS queue. Needs `sqs:SendMessage`.
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
}
