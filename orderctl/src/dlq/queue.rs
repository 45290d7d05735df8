//! The two queues that have a dead-letter queue.

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::Serialize;

/// A queue whose failures are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum QueueName {
    /// Accepted orders
    Orders,
    /// Confirmed orders that are to be emailed
    Notifications,
}

impl QueueName {
    /// The one that was asked for, or both.
    pub(crate) fn chosen(one: Option<Self>) -> Vec<Self> {
        one.map_or_else(|| vec![Self::Orders, Self::Notifications], |queue| vec![queue])
    }

    /// The queue itself.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Notifications => "notifications",
        }
    }

    /// The queue of its dead letters.
    pub(crate) fn dead_letter_name(self) -> &'static str {
        match self {
            Self::Orders => "orders-dlq",
            Self::Notifications => "notifications-dlq",
        }
    }
}

/// A queue's URL by its name.
pub(crate) async fn url(sqs: &Client, name: &str) -> anyhow::Result<String> {
    let answer = sqs.get_queue_url().queue_name(name).send().await;
    let answer = answer.with_context(|| format!("the queue {name} cannot be reached"))?;
    answer
        .queue_url
        .with_context(|| format!("the queue {name} has no URL"))
}

/// A queue's ARN by its name.
pub(crate) async fn arn(sqs: &Client, name: &str) -> anyhow::Result<String> {
    let request = sqs.get_queue_attributes().queue_url(url(sqs, name).await?);
    let answer = request.attribute_names(QueueAttributeName::QueueArn).send().await;
    let answer = answer.with_context(|| format!("the queue {name} does not tell its ARN"))?;
    let arn = answer
        .attributes
        .and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
    arn.with_context(|| format!("the queue {name} has no ARN"))
}
