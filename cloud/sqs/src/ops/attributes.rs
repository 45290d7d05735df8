//! `GetQueueAttributes` and `SetQueueAttributes`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::queues::check_redrive;
use crate::error::SqsError;
use crate::expiry;
use crate::name::queue_name;
use crate::queue::Queue;
use crate::service::Sqs;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// Attributes that a request may name although this queue does not have them.
const OPTIONAL: &[&str] = &[
    "All",
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

pub(crate) async fn get(sqs: &Sqs, request: GetQueueAttributes) -> Result<Value, SqsError> {
    let name = queue_name(&request.queue_url);
    let service = sqs.clone();
    let (queue, counts) = sqs
        .store()
        .run(move |tx| {
            expiry::pass(&service, tx, service.clock().now_ms())?;
            let queue = Queue::get(tx, &name)?;
            let counts = queue.counts(tx)?;
            Ok::<_, SqsError>((queue, counts))
        })
        .await?;
    let mut attributes = queue.settings.to_attributes();
    let seconds = |reading| (sqs.clock().wall_ms(reading) / 1000).to_string();
    let computed = [
        ("QueueArn", sqs.arn(&queue.name)),
        ("CreatedTimestamp", seconds(queue.created_at)),
        ("LastModifiedTimestamp", seconds(queue.modified_at)),
        ("ApproximateNumberOfMessages", counts.ready.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            counts.in_flight.to_string(),
        ),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
    ];
    attributes.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    let wanted = &request.attribute_names;
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !attributes.contains_key(*name) && !OPTIONAL.contains(&name.as_str()))
    {
        return Err(SqsError::InvalidAttributeName(unknown.clone()));
    }
    attributes.retain(|name, _| wanted.iter().any(|wanted| wanted == "All" || wanted == name));
    Ok(if attributes.is_empty() {
        json!({})
    } else {
        json!({ "Attributes": attributes })
    })
}

pub(crate) async fn set(sqs: &Sqs, request: SetQueueAttributes) -> Result<Value, SqsError> {
    if request.attributes.is_empty() {
        return Err(SqsError::MissingParameter("Attribute.Name"));
    }
    let name = queue_name(&request.queue_url);
    let service = sqs.clone();
    sqs.store()
        .run(move |tx| {
            let queue = Queue::get(tx, &name)?;
            let mut settings = queue.settings.clone();
            settings.apply(&request.attributes)?;
            if request.attributes.contains_key("RedrivePolicy") {
                check_redrive(&service, tx, &name, &settings)?;
            }
            service.enforce_policy(tx, &name, Some(&settings));
            queue.update(tx, &settings, service.clock().now_ms())
        })
        .await?;
    Ok(json!({}))
}
