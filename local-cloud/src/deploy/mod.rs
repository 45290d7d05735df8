//! Bringing queues, topics, subscriptions and tables to what the template says.
//!
//! Whatever an older template left behind stays: deploying loses nothing, and a change that cannot be made is an error.

mod dynamodb;
mod order;

use crate::sns::{Sns, SnsError};
use crate::sqs::{Sqs, SqsError};
use crate::template::Stack;

pub(crate) use dynamodb::Client as DynamoDbClient;

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
    #[error("queue {name}: its dead letters would return to itself")]
    RedriveCircle {
        /// One of them.
        name: String,
    },
    /// A topic or a subscription was refused.
    #[error("topic {name}: {source}")]
    Topic {
        /// The topic's name or ARN.
        name: String,
        /// Why.
        source: SnsError,
    },
    /// A table was refused.
    #[error("table {name}: {code}: {message}")]
    Table {
        /// Its name.
        name: String,
        /// DynamoDB's error code.
        code: String,
        /// DynamoDB's message.
        message: String,
    },
    /// A table exists and cannot become what the template says without losing what it holds.
    #[error(
        "table {name} exists with another {what}; keep its data and use another name, or another data directory"
    )]
    TableDiffers {
        /// Its name.
        name: String,
        /// What is different.
        what: &'static str,
    },
    /// DynamoDB did not answer.
    #[error("table {name}: {source}")]
    Unreachable {
        /// The table's name.
        name: String,
        /// Why.
        source: reqwest::Error,
    },
}

/// Converges everything that a stack needs before its functions start.
pub(crate) async fn converge(
    stack: &Stack,
    sqs: &Sqs,
    sns: &Sns,
    dynamodb: &DynamoDbClient,
    confirm_emails: bool,
) -> Result<(), DeployError> {
    for queue in order::by_redrive(&stack.queues)? {
        let converged = sqs.converge_queue(&queue.name, queue.attributes.clone()).await;
        converged.map_err(|source| DeployError::Queue {
            name: queue.name.clone(),
            source,
        })?;
    }
    for topic in &stack.topics {
        let converged = sns.converge_topic(&topic.name, topic.attributes.clone()).await;
        converged.map_err(|source| DeployError::Topic {
            name: topic.name.clone(),
            source,
        })?;
    }
    for subscription in &stack.subscriptions {
        let converged = sns.converge_subscription(
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
        dynamodb.converge(table).await?;
    }
    Ok(())
}
