//! The queue and its dead-letter queue, on SQS.

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
    MessageAttributeValue,
};

use super::{Aws, call_error};
use crate::batch::{Attribute, AttributeValue};
use crate::ports::{CallError, DeadLetter, Postponement, Queues};

impl Queues for Aws {
    async fn bury(&self, letter: &DeadLetter) -> Result<(), CallError> {
        const OPERATION: &str = "SendMessage";
        let mut request = self
            .sqs
            .send_message()
            .queue_url(&self.dlq_url)
            .message_body(&letter.body);
        for (name, attribute) in &letter.attributes {
            request = request.message_attributes(name, sqs_attribute(OPERATION, attribute)?);
        }
        request
            .send()
            .await
            .map(drop)
            .map_err(|error| call_error(OPERATION, &error))
    }

    async fn postpone(&self, messages: &[Postponement]) -> Result<(), CallError> {
        const OPERATION: &str = "ChangeMessageVisibilityBatch";
        let mut request = self
            .sqs
            .change_message_visibility_batch()
            .queue_url(&self.queue_url);
        for (index, message) in messages.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(&message.receipt_handle)
                .visibility_timeout(i32::try_from(message.delay.as_secs()).unwrap_or(i32::MAX))
                .build()
                .map_err(|_| unbuilt(OPERATION))?;
            request = request.entries(entry);
        }
        let changed = request
            .send()
            .await
            .map_err(|error| call_error(OPERATION, &error))?;
        all_done(OPERATION, &changed.failed)
    }

    async fn delete(&self, receipt_handles: &[&str]) -> Result<(), CallError> {
        const OPERATION: &str = "DeleteMessageBatch";
        let mut request = self.sqs.delete_message_batch().queue_url(&self.queue_url);
        for (index, receipt_handle) in receipt_handles.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .receipt_handle(*receipt_handle)
                .build()
                .map_err(|_| unbuilt(OPERATION))?;
            request = request.entries(entry);
        }
        let deleted = request
            .send()
            .await
            .map_err(|error| call_error(OPERATION, &error))?;
        all_done(OPERATION, &deleted.failed)
    }
}

/// The first failure among a batch call's entries stands for all of them.
fn all_done(operation: &'static str, failed: &[BatchResultErrorEntry]) -> Result<(), CallError> {
    failed.first().map_or(Ok(()), |first| {
        Err(CallError {
            operation,
            reason: first.code.clone(),
        })
    })
}

fn sqs_attribute(operation: &'static str, attribute: &Attribute) -> Result<MessageAttributeValue, CallError> {
    let builder = MessageAttributeValue::builder().data_type(&attribute.data_type);
    let builder = match &attribute.value {
        AttributeValue::Text(text) => builder.string_value(text),
        AttributeValue::Binary(bytes) => builder.binary_value(Blob::new(bytes.clone())),
    };
    builder.build().map_err(|_| unbuilt(operation))
}

fn unbuilt(operation: &'static str) -> CallError {
    CallError {
        operation,
        reason: "the request could not be built".to_owned(),
    }
}
