//! Counting all messages of a queue.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

/// Counts the messages that are visible, in flight or delayed. SQS counts approximately.
pub(crate) async fn count_messages(sqs: &Client, queue_url: &str) -> anyhow::Result<u64> {
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    let request = sqs.get_queue_attributes().queue_url(queue_url);
    let answer = request.set_attribute_names(Some(names.to_vec())).send().await?;
    let attributes = answer.attributes.unwrap_or_default();
    let counts = names
        .iter()
        .filter_map(|name| attributes.get(name)?.parse::<u64>().ok());
    Ok(counts.sum())
}
