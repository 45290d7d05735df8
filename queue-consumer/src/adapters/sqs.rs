//! The queues of a consumer, in SQS.

use std::sync::OnceLock;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, ChangeMessageVisibilityBatchResultEntry, MessageAttributeValue,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
    SendMessageBatchResultEntry,
};

use function_runtime::aws::{call_error, unsendable};
use function_runtime::call_error::in_order;
use function_runtime::{Answers, CallError};

use crate::outgoing::Outgoing;
use crate::ports::{Queue, Queues, VisibilityChange};
use crate::record::{Attribute, AttributeValue};

/// The queues of a consumer.
#[derive(Debug, Clone)]
pub struct Sqs {
    sdk: SdkConfig,
    client: OnceLock<Client>,
    urls: QueueUrls,
}

/// The URLs of a consumer's queues.
#[derive(Debug, Clone)]
pub struct QueueUrls {
    /// Of the queue that senders know.
    pub main: String,
    /// Of the retry queue.
    pub retry: String,
    /// Of the dead-letter queue.
    pub dead_letter: String,
}

impl Sqs {
    /// The queues at these URLs.
    #[must_use]
    pub fn new(sdk: &SdkConfig, urls: QueueUrls) -> Self {
        Self {
            sdk: sdk.clone(),
            client: OnceLock::new(),
            urls,
        }
    }

    /// The client. It is made for the first message that has failed: without one a start need not read SQS's table of regions.
    fn client(&self) -> &Client {
        self.client.get_or_init(|| Client::new(&self.sdk))
    }

    fn url(&self, queue: Queue) -> &str {
        match queue {
            Queue::Main => &self.urls.main,
            Queue::Retry => &self.urls.retry,
            Queue::DeadLetter => &self.urls.dead_letter,
        }
    }
}

fn attribute_value(attribute: &Attribute) -> Result<MessageAttributeValue, CallError> {
    let value = MessageAttributeValue::builder().data_type(&attribute.data_type);
    let value = match &attribute.value {
        AttributeValue::Text(text) => value.string_value(text),
        AttributeValue::Binary(bytes) => value.binary_value(Blob::new(bytes.clone())),
    };
    value.build().map_err(unsendable)
}

/// Adapters that hold the queues. They are [`Queues`] by them.
pub trait HasSqs {
    /// The queues.
    fn sqs(&self) -> &Sqs;
}

impl HasSqs for Sqs {
    fn sqs(&self) -> &Sqs {
        self
    }
}

impl<T: HasSqs> Queues for T {
    async fn send(&self, to: Queue, messages: &[&Outgoing]) -> Answers {
        let sqs = self.sqs();
        let mut request = sqs.client().send_message_batch().queue_url(sqs.url(to));
        for (index, message) in messages.iter().enumerate() {
            let mut entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(message.body())
                .set_message_group_id(message.group_id().map(str::to_owned));
            if let Some(trace_header) = message.trace_header() {
                let value = MessageSystemAttributeValue::builder()
                    .data_type("String")
                    .string_value(trace_header);
                entry = entry.message_system_attributes(
                    MessageSystemAttributeNameForSends::AwsTraceHeader,
                    value.build().map_err(unsendable)?,
                );
            }
            if message.delay_seconds() > 0 {
                entry = entry.delay_seconds(i32::try_from(message.delay_seconds()).map_err(unsendable)?);
            }
            for (name, attribute) in message.attributes() {
                entry = entry.message_attributes(name, attribute_value(attribute)?);
            }
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        Ok(in_order(
            messages.len(),
            answer.successful().iter().map(SendMessageBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }

    async fn change_visibility(&self, of: Queue, changes: &[VisibilityChange]) -> Answers {
        let sqs = self.sqs();
        let mut request = sqs
            .client()
            .change_message_visibility_batch()
            .queue_url(sqs.url(of));
        for (index, change) in changes.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&change.receipt_handle)
                .visibility_timeout(i32::try_from(change.seconds).map_err(unsendable)?);
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        Ok(in_order(
            changes.len(),
            answer
                .successful()
                .iter()
                .map(ChangeMessageVisibilityBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }
}
