//! How many messages a queue holds, whatever their state.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

/// Those that are ready, in somebody's hands or put off, as SQS counts them: approximately.
pub(crate) async fn of(sqs: &Client, queue_url: &str) -> anyhow::Result<u64> {
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
