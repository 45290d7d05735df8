//! The names of a queue: its URL, its ARN and its bare name.

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

/// A queue's URL by its name.
pub async fn url(sqs: &Client, name: &str) -> anyhow::Result<String> {
    let answer = sqs.get_queue_url().queue_name(name).send().await;
    let answer = answer.with_context(|| format!("the queue {name} cannot be reached"))?;
    answer
        .queue_url
        .with_context(|| format!("the queue {name} has no URL"))
}

/// A queue's ARN by its name.
pub async fn arn(sqs: &Client, name: &str) -> anyhow::Result<String> {
    arn_by_url(sqs, &url(sqs, name).await?).await
}

/// A queue's ARN by its URL.
pub async fn arn_by_url(sqs: &Client, url: &str) -> anyhow::Result<String> {
    let name = name_in_url(url);
    let request = sqs.get_queue_attributes().queue_url(url);
    let answer = request.attribute_names(QueueAttributeName::QueueArn).send().await;
    let answer = answer.with_context(|| format!("the queue {name} does not tell its ARN"))?;
    let arn = answer
        .attributes
        .and_then(|mut attributes| attributes.remove(&QueueAttributeName::QueueArn));
    arn.with_context(|| format!("the queue {name} has no ARN"))
}

/// The name that a queue's URL ends in.
#[must_use]
pub fn name_in_url(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or(url)
}
