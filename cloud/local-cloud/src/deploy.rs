//! Bringing queues, topics, subscriptions and tables to what the template says.
//!
//! Whatever an older template left behind stays: deploying loses nothing, and a change that cannot be made is an error.

use cloud_cloudformation::{RedriveCircle, Stack, sort_by_redrive};
use cloud_dynamodb::ConvergeError;
use cloud_sns::SnsError;
use cloud_sqs::SqsError;

use crate::services::Services;

/// A resource that could not be brought to what the template says.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// A queue was refused.
    #[error("queue {name}: {source}")]
    Queue {
        /// Its name.
        name: String,
        /// Why.
        source: SqsError,
    },
    /// Queues are each other's dead-letter queues in a circle.
    #[error(transparent)]
    RedriveCircle(#[from] RedriveCircle),
    /// A topic or a subscription was refused.
    #[error("topic {name}: {source}")]
    Topic {
        /// The topic's name or ARN.
        name: String,
        /// Why.
        source: SnsError,
    },
    /// A table cannot become what the template says.
    #[error("table {name}: {source}")]
    Table {
        /// Its name.
        name: String,
        /// Why.
        source: ConvergeError,
    },
}

/// Converges everything that a stack needs before its functions start.
pub(crate) async fn converge(
    stack: &Stack,
    services: &Services,
    confirm_emails: bool,
) -> Result<(), DeployError> {
    for queue in sort_by_redrive(&stack.queues)? {
        let converged = services
            .sqs
            .converge_queue(&queue.name, queue.attributes.clone())
            .await;
        converged.map_err(|source| DeployError::Queue {
            name: queue.name.clone(),
            source,
        })?;
    }
    for topic in &stack.topics {
        let converged = services
            .sns
            .converge_topic(&topic.name, topic.attributes.clone())
            .await;
        converged.map_err(|source| DeployError::Topic {
            name: topic.name.clone(),
            source,
        })?;
    }
    for subscription in &stack.subscriptions {
        let converged = services.sns.converge_subscription(
            &subscription.topic_arn,
            &subscription.protocol,
            &subscription.endpoint,
            subscription.attributes.clone(),
            confirm_emails,
        );
        converged.await.map_err(|source| DeployError::Topic {
            name: subscription.topic_arn.clone(),
            source,
        })?;
    }
    for table in &stack.tables {
        let converged = services.dynamodb.converge_table(table.create.clone()).await;
        converged.map_err(|source| DeployError::Table {
            name: table.name.clone(),
            source,
        })?;
    }
    Ok(())
}
