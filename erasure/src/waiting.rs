//! The messages that wait in the source queues. Nobody but the services receives them.

use stack_client::{Connection, Resource, queue};

const SOURCES: [Resource; 4] = [
    Resource::OrdersQueueUrl,
    Resource::OrdersRetryQueueUrl,
    Resource::NotificationsQueueUrl,
    Resource::NotificationsRetryQueueUrl,
];

/// Counts the messages of all orders in the source queues, as SQS counts: approximately.
pub(crate) async fn count(connection: &Connection) -> anyhow::Result<u64> {
    let sqs = connection.sqs().await?;
    let mut waiting = 0;
    for source in SOURCES {
        let url = connection.resource(source).await?;
        waiting += queue::read_depth(&sqs, &url).await?.total();
    }
    Ok(waiting)
}
