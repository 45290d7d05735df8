//! A queue: its URL, its ARN, its bare name, and the number of its messages.

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

/// The number of messages of a queue, as SQS counts: approximately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that a consumer could receive.
    pub visible: u64,
    /// Messages that a consumer has received.
    pub in_flight: u64,
    /// Messages that wait for the end of their delay.
    pub delayed: u64,
}

impl Depth {
    /// All messages.
    #[must_use]
    pub fn total(self) -> u64 {
        self.visible + self.in_flight + self.delayed
    }
}

/// Asks SQS for the number of messages of a queue by its URL.
pub async fn read_depth(sqs: &Client, url: &str) -> anyhow::Result<Depth> {
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let request = sqs.get_queue_attributes().queue_url(url);
    let answer = request.set_attribute_names(Some(names.to_vec())).send().await;
    let answer = answer.with_context(|| format!("the queue {} cannot be reached", name_in_url(url)))?;
    let attributes = answer.attributes.unwrap_or_default();
    let [visible, in_flight, delayed] = names.map(|name| {
        let count = attributes.get(&name).and_then(|count| count.parse().ok());
        count.unwrap_or(0)
    });
    Ok(Depth {
        visible,
        in_flight,
        delayed,
    })
}

/// The name of a queue: the last part of its URL.
#[must_use]
pub fn name_in_url(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or(url)
}
