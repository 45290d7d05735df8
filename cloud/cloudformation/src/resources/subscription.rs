//! `AWS::SNS::Subscription`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::error::TemplateError;
use crate::properties::Properties;

/// A subscription to a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The ARN of the topic.
    pub topic_arn: String,
    /// `sqs`, `email`, `http` or `https`.
    pub protocol: String,
    /// The ARN of a queue, an email address, or a URL.
    pub endpoint: String,
    /// The attributes, with the names and values of SNS's `Subscribe`.
    pub attributes: BTreeMap<String, String>,
}

impl Subscription {
    /// Reads a subscription. A subscription inside a topic does not name its topic, so `topic_arn` is given.
    pub(crate) fn read(mut properties: Properties, topic_arn: Option<String>) -> Result<Self, TemplateError> {
        let topic_arn = match topic_arn {
            Some(topic_arn) => topic_arn,
            None => properties.required_text("TopicArn")?,
        };
        let protocol = properties.required_text("Protocol")?;
        if !matches!(protocol.as_str(), "sqs" | "email" | "http" | "https") {
            return Err(TemplateError::unsupported(
                properties.at(),
                format!("the protocol `{protocol}`"),
            ));
        }
        let endpoint = properties.required_text("Endpoint")?;
        let mut attributes = BTreeMap::new();
        for name in ["RawMessageDelivery", "FilterPolicyScope"] {
            if let Some(value) = properties.text(name)? {
                attributes.insert(name.to_owned(), value);
            }
        }
        for name in ["FilterPolicy", "DeliveryPolicy"] {
            if let Some(policy) = properties.value(name) {
                attributes.insert(name.to_owned(), policy.to_string());
            }
        }
        if let Some(mut policy) = properties.mapping("RedrivePolicy")? {
            let target = policy.required_text("deadLetterTargetArn")?;
            policy.finish()?;
            let policy = json!({ "deadLetterTargetArn": target });
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        properties.finish()?;
        Ok(Self {
            topic_arn,
            protocol,
            endpoint,
            attributes,
        })
    }
}
