//! The queue and its dead-letter queue, in SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, ChangeMessageVisibilityBatchResultEntry,
    DeleteMessageBatchRequestEntry, DeleteMessageBatchResultEntry, MessageAttributeValue,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};

use function_runtime::aws::{call_error, unsendable};
use function_runtime::call_error::in_order;
use function_runtime::{Answers, CallError};

use crate::dead_letter::DeadLetter;
use crate::ports::{Queues, VisibilityChange};
use crate::record::{Attribute, AttributeValue};

/// A queue and its dead-letter queue.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: Client,
    queue_url: String,
    dead_letter_queue_url: String,
}

impl Sqs {
    /// The queue that batches come from, and its dead-letter queue.
    #[must_use]
    pub fn new(
        client: Client,
        queue_url: impl Into<String>,
        dead_letter_queue_url: impl Into<String>,
    ) -> Self {
        Self {
            client,
            queue_url: queue_url.into(),
            dead_letter_queue_url: dead_letter_queue_url.into(),
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

/// Adapters that hold the two queues. They are [`Queues`] by them.
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
    async fn send_to_dead_letter_queue(&self, dead_letters: &[&DeadLetter]) -> Answers {
        let sqs = self.sqs();
        let mut request = sqs
            .client
            .send_message_batch()
            .queue_url(&sqs.dead_letter_queue_url);
        for (index, dead_letter) in dead_letters.iter().enumerate() {
            let mut entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(dead_letter.body());
            for (name, attribute) in dead_letter.attributes() {
                entry = entry.message_attributes(name, attribute_value(attribute)?);
            }
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        Ok(in_order(
            dead_letters.len(),
            answer.successful().iter().map(SendMessageBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        let sqs = self.sqs();
        let mut request = sqs
            .client
            .change_message_visibility_batch()
            .queue_url(&sqs.queue_url);
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

    async fn delete(&self, receipt_handles: &[&str]) -> Answers {
        let sqs = self.sqs();
        let mut request = sqs.client.delete_message_batch().queue_url(&sqs.queue_url);
        for (index, receipt_handle) in receipt_handles.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(*receipt_handle);
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        Ok(in_order(
            receipt_handles.len(),
            answer.successful().iter().map(DeleteMessageBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }
}
