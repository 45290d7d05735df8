//! The messages that wait in the source queues. Nobody but the services receives them.

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use stack_client::{Connection, Resource};

const SOURCES: [Resource; 4] = [
    Resource::OrdersQueueUrl,
    Resource::OrdersRetryQueueUrl,
    Resource::NotificationsQueueUrl,
    Resource::NotificationsRetryQueueUrl,
];

const COUNTS: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

/// Counts the messages of all orders in the source queues, as SQS counts: approximately.
pub(crate) async fn count(connection: &Connection) -> anyhow::Result<u64> {
    let sqs = connection.sqs().await?;
    let mut waiting = 0;
    for source in SOURCES {
        let url = connection.resource(source).await?;
        let call = sqs.get_queue_attributes().queue_url(&url);
        let answer = call.set_attribute_names(Some(COUNTS.to_vec())).send().await;
        let attributes = answer
            .with_context(|| format!("{url} cannot be read"))?
            .attributes;
        let attributes = attributes.unwrap_or_default();
        let counts = COUNTS
            .iter()
            .filter_map(|name| attributes.get(name)?.parse::<u64>().ok());
        waiting += counts.sum::<u64>();
    }
    Ok(waiting)
}
