//! The queue of orders and its dead-letter queue in SQS.

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, ChangeMessageVisibilityBatchResultEntry,
    DeleteMessageBatchRequestEntry, DeleteMessageBatchResultEntry, MessageAttributeValue,
    SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
};

use super::Aws;
use super::refusal::{in_order, refusal};
use crate::dead_letter::DeadLetter;
use crate::ports::{Answers, Queues, Refusal, VisibilityChange};
use crate::record::{AttributeContent, MessageAttribute};

fn unsendable<E>(_: E) -> Refusal {
    Refusal::new("unsendable_request")
}

fn attribute_value(attribute: &MessageAttribute) -> Result<MessageAttributeValue, Refusal> {
    let value = MessageAttributeValue::builder().data_type(&attribute.data_type);
    let value = match &attribute.value {
        AttributeContent::Text(text) => value.string_value(text),
        AttributeContent::Binary(bytes) => value.binary_value(Blob::new(bytes.clone())),
    };
    value.build().map_err(unsendable)
}

impl Queues for Aws {
    async fn bury(&self, letters: &[&DeadLetter]) -> Answers {
        let mut request = self
            .sqs
            .send_message_batch()
            .queue_url(&self.config.orders_dlq_url);
        for (place, letter) in letters.iter().enumerate() {
            let mut entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(&letter.body);
            for attribute in &letter.attributes {
                entry = entry.message_attributes(&attribute.name, attribute_value(attribute)?);
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
            .sqs
            .change_message_visibility_batch()
            .queue_url(&self.config.orders_queue_url);
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
        let mut request = self
            .sqs
            .delete_message_batch()
            .queue_url(&self.config.orders_queue_url);
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
