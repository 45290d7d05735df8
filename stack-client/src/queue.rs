//! The names of a queue: its URL, its ARN and its bare name.

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

/// Asks SQS for a queue's URL.
pub async fn read_url(sqs: &Client, name: &str) -> anyhow::Result<String> {
    let answer = sqs.get_queue_url().queue_name(name).send().await;
    let answer = answer.with_context(|| format!("the queue {name} cannot be reached"))?;
    answer
        .queue_url
        .with_context(|| format!("the queue {name} has no URL"))
}

/// Asks SQS for the ARN of a queue by its name.
pub async fn read_arn(sqs: &Client, name: &str) -> anyhow::Result<String> {
    read_arn_by_url(sqs, &read_url(sqs, name).await?).await
}

/// Asks SQS for the ARN of a queue by its URL.
pub async fn read_arn_by_url(sqs: &Client, url: &str) -> anyhow::Result<String> {
    let name = name_in_url(url);
    let request = sqs.get_queue_attributes().queue_url(url);
    let answer = request.attribute_names(QueueAttributeName::QueueArn).send().await;
    let answer = answer.with_context(|| format!("the queue {name} does not return its ARN"))?;
    let arn = answer
        .attributes
        .and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
    arn.with_context(|| format!("the queue {name} has no ARN"))
}

/// The name of a queue: the last part of its URL.
#[must_use]
pub fn name_in_url(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or(url)
}
