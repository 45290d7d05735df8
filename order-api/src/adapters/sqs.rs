//! The queue of accepted orders, on SQS.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
    SendMessageBatchResultEntry,
};
use function_runtime::call_error::in_order;
use function_runtime::pack::pack;
use futures_util::future::join_all;
use order_core::{CancellationMessage, Order, OrderMessage, Trace};
use rest_function::causes;

use crate::message_group::MessageGroups;
use crate::ports::{OrderQueue, QueueError};

/// The most messages of one call.
const MAX_MESSAGES: usize = 10;
/// The most bytes of one call. SQS accepts 1 MiB since August 2025. A quarter of it, the limit before, is also accepted by every
/// emulator and by queues with older settings, and costs nothing: SQS charges by 64 KB.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>
const MAX_BYTES: usize = 256 * 1024;

/// Sends to one SQS queue. It needs `sqs:SendMessage`, which covers batches too.
#[derive(Debug, Clone)]
pub struct SqsOrderQueue {
    client: Client,
    queue_url: String,
    groups: MessageGroups,
}

impl SqsOrderQueue {
    /// The queue at `queue_url`, with these message groups.
    #[must_use]
    pub fn new(sdk: &SdkConfig, queue_url: String, groups: MessageGroups) -> Self {
        Self {
            client: Client::new(sdk),
            queue_url,
            groups,
        }
    }
}

impl OrderQueue for SqsOrderQueue {
    async fn send(&self, message: &OrderMessage, trace: Option<Trace>) -> Result<(), QueueError> {
        // A retry after a lost response sends a second copy. Both have the same id and fingerprint.
        self.send_one(message.to_json(), self.groups.group_of(&message.order), trace)
            .await
    }

    async fn send_cancellation(
        &self,
        message: &CancellationMessage,
        order: Option<&Order>,
        trace: Option<Trace>,
    ) -> Result<(), QueueError> {
        let group = order.and_then(|order| self.groups.group_of(order));
        self.send_one(message.to_json(), group, trace).await
    }

    async fn send_all(&self, messages: &[OrderMessage], trace: Option<Trace>) -> Vec<Result<(), QueueError>> {
        let bodies: Vec<String> = messages.iter().map(OrderMessage::to_json).collect();
        let sizes: Vec<usize> = bodies.iter().map(String::len).collect();
        // All calls at once: one after the other they might not end within the function's time.
        let calls = pack(&sizes, MAX_MESSAGES, MAX_BYTES)
            .into_iter()
            .map(|batch| self.send_batch(&messages[batch.clone()], &bodies[batch], trace));
        join_all(calls).await.concat()
    }
}

impl SqsOrderQueue {
    async fn send_one(
        &self,
        body: String,
        group: Option<String>,
        trace: Option<Trace>,
    ) -> Result<(), QueueError> {
        let sent = self
            .client
            .send_message()
            .queue_url(&self.queue_url)
            .message_body(body)
            .set_message_group_id(group)
            .set_message_system_attributes(system_attributes(trace)?)
            .send()
            .await;
        sent.map(|_| ()).map_err(|error| QueueError(causes(&error)))
    }

    async fn send_batch(
        &self,
        messages: &[OrderMessage],
        bodies: &[String],
        trace: Option<Trace>,
    ) -> Vec<Result<(), QueueError>> {
        match self.try_send_batch(messages, bodies, trace).await {
            Ok(results) => results,
            Err(error) => vec![Err(error); bodies.len()],
        }
    }

    async fn try_send_batch(
        &self,
        messages: &[OrderMessage],
        bodies: &[String],
        trace: Option<Trace>,
    ) -> Result<Vec<Result<(), QueueError>>, QueueError> {
        let attributes = system_attributes(trace)?;
        let mut call = self.client.send_message_batch().queue_url(&self.queue_url);
        for (index, (message, body)) in messages.iter().zip(bodies).enumerate() {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(index.to_string())
                .message_body(body)
                .set_message_group_id(self.groups.group_of(&message.order))
                .set_message_system_attributes(attributes.clone())
                .build();
            call = call.entries(entry.map_err(|error| QueueError(causes(&error)))?);
        }
        let answer = call.send().await.map_err(|error| QueueError(causes(&error)))?;
        let answers = in_order(
            bodies.len(),
            answer.successful().iter().map(SendMessageBatchResultEntry::id),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        );
        let results = answers
            .into_iter()
            .map(|answer| answer.map_err(|error| QueueError(error.to_string())));
        Ok(results.collect())
    }
}

type SystemAttributes = HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>;

/// The trace as `AWSTraceHeader`. Without it SQS would take the header `X-Amzn-Trace-Id` of the call, which the SDK sets to the trace of
/// the invocation.
fn system_attributes(trace: Option<Trace>) -> Result<Option<SystemAttributes>, QueueError> {
    let attribute = |trace: Trace| {
        let value = MessageSystemAttributeValue::builder()
            .data_type("String")
            .string_value(trace.to_xray())
            .build()
            .map_err(|error| QueueError(causes(&error)))?;
        Ok(HashMap::from([(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            value,
        )]))
    };
    trace.map(attribute).transpose()
}
