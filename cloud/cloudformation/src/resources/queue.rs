//! `AWS::SQS::Queue`.

use std::collections::BTreeMap;

use super::name_of;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The physical name.
    pub name: String,
    /// The attributes, with the names and values of SQS's `CreateQueue`.
    pub attributes: BTreeMap<String, String>,
    /// The name of the dead-letter queue. That queue must be created first.
    pub dead_letter_queue: Option<String>,
}

/// Properties with the same name as their attribute.
const ATTRIBUTES: [&str; 5] = [
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
];

impl Queue {
    pub(crate) fn read(name: String, mut properties: Properties) -> Result<Self, TemplateError> {
        properties.ignore(&["QueueName"]);
        properties.ignore(ignored::QUEUE);
        if properties.boolean("FifoQueue")? == Some(true) {
            return Err(TemplateError::unsupported(properties.at(), "a FIFO queue"));
        }
        let mut attributes = BTreeMap::new();
        for attribute in ATTRIBUTES {
            if let Some(value) = properties.integer(attribute)? {
                attributes.insert(attribute.to_owned(), value.to_string());
            }
        }
        let mut dead_letter_queue = None;
        if let Some(mut redrive) = properties.mapping("RedrivePolicy")? {
            let target = redrive.required_text("deadLetterTargetArn")?;
            let most = redrive.integer_within("maxReceiveCount", 1, 1000)?;
            let most = most.ok_or_else(|| redrive.missing("maxReceiveCount"))?;
            redrive.finish()?;
            dead_letter_queue = Some(name_of(&target).to_owned());
            let policy = serde_json::json!({"deadLetterTargetArn": target, "maxReceiveCount": most});
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        if let Some(policy) = properties.value("RedriveAllowPolicy") {
            attributes.insert("RedriveAllowPolicy".to_owned(), policy.to_string());
        }
        properties.finish()?;
        Ok(Self {
            name,
            attributes,
            dead_letter_queue,
        })
    }
}
