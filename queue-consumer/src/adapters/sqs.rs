//! The queue and its dead-letter queue in SQS.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, ChangeMessageVisibilityBatchResultEntry,
    DeleteMessageBatchRequestEntry, DeleteMessageBatchResultEntry, MessageAttributeValue,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};

use super::refusal::{in_order, refusal, unsendable};
use crate::dead_letter::DeadLetter;
use crate::ports::{Queues, VisibilityChange};
use crate::record::{Attribute, AttributeValue};
use crate::refusal::{Answers, Refusal};

/// A queue and its dead-letter queue.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: Client,
    queue_url: String,
    dead_letter_queue_url: String,
}

impl Sqs {
    /// The queue that batches come from, and the one for what cannot succeed.
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

fn attribute_value(attribute: &Attribute) -> Result<MessageAttributeValue, Refusal> {
    let value = MessageAttributeValue::builder().data_type(&attribute.data_type);
    let value = match &attribute.value {
        AttributeValue::Text(text) => value.string_value(text),
        AttributeValue::Binary(bytes) => value.binary_value(Blob::new(bytes.clone())),
    };
    value.build().map_err(unsendable)
}

impl Queues for Sqs {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        let mut request = self
            .client
            .send_message_batch()
            .queue_url(&self.dead_letter_queue_url);
        for (place, letter) in letters.iter().enumerate() {
            let mut entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(letter.body());
            for (name, attribute) in letter.attributes() {
                entry = entry.message_attributes(name, attribute_value(attribute)?);
            }
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| refusal(&error))?;
        Ok(in_order(
            letters.len(),
            answer.successful().iter().map(SendMessageBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }

    async fn change_visibility(&self, changes: &[VisibilityChange]) -> Answers {
        let mut request = self
            .client
            .change_message_visibility_batch()
            .queue_url(&self.queue_url);
        for (place, change) in changes.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(&change.receipt_handle)
                .visibility_timeout(i32::try_from(change.seconds).map_err(unsendable)?);
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| refusal(&error))?;
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
        let mut request = self.client.delete_message_batch().queue_url(&self.queue_url);
        for (place, receipt_handle) in receipt_handles.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .receipt_handle(*receipt_handle);
            request = request.entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| refusal(&error))?;
        Ok(in_order(
            receipt_handles.len(),
            answer.successful().iter().map(DeleteMessageBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }
}
