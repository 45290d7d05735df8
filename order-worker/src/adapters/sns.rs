//! The topic of order events in SNS.

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use function_runtime::Answers;
use function_runtime::aws::{call_error, unsendable};
use function_runtime::call_error::in_order;
use order_core::event;

use super::Aws;
use crate::ports::Events;

impl Events for Aws {
    async fn publish_batch(&self, events: &[&str]) -> Answers {
        let event_type = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(event::TYPE)
            .build()
            .map_err(unsendable)?;
        let mut request = self
            .sns
            .publish_batch()
            .topic_arn(&self.config.order_events_topic_arn);
        for (index, event) in events.iter().enumerate() {
            let entry = PublishBatchRequestEntry::builder()
                .id(index.to_string())
                .message(*event)
                .message_attributes("event_type", event_type.clone());
            request = request.publish_batch_request_entries(entry.build().map_err(unsendable)?);
        }
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        Ok(in_order(
            events.len(),
            answer.successful().iter().filter_map(|entry| entry.id()),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }
}
