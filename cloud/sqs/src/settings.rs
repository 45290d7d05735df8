//! Queue attributes: parsed when they are set, stored as typed values, printed in AWS's form.
//!
//! Source: SQS API Reference, `SetQueueAttributes`.

use std::collections::BTreeMap;

use cloud_iam::{Policy, PolicyError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::SqsError;

/// The settable attributes of a standard queue. Times are in seconds, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct QueueSettings {
    pub(crate) visibility_timeout: u32,
    pub(crate) delay_seconds: u32,
    pub(crate) receive_wait_seconds: u32,
    pub(crate) retention_seconds: u32,
    pub(crate) maximum_message_size: u32,
    pub(crate) redrive: Option<RedrivePolicy>,
    pub(crate) redrive_allow: Option<RedriveAllowPolicy>,
    /// Attributes that are kept as given: `Policy`, and the encryption attributes, which have no effect here.
    pub(crate) inert: BTreeMap<String, String>,
}

/// The dead-letter queue of a queue, and the receive count at which messages move to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RedrivePolicy {
    pub(crate) target_arn: String,
    pub(crate) max_receive_count: u32,
}

/// Which queues may use this queue as their dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RedriveAllowPolicy {
    AllowAll,
    DenyAll,
    ByQueue(Vec<String>),
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            visibility_timeout: 30,
            delay_seconds: 0,
            receive_wait_seconds: 0,
            retention_seconds: 345_600,
            maximum_message_size: 1_048_576,
            redrive: None,
            redrive_allow: None,
            inert: BTreeMap::from([("SqsManagedSseEnabled".to_owned(), "true".to_owned())]),
        }
    }
}

impl QueueSettings {
    /// Sets the given attributes. The others do not change.
    pub(crate) fn apply(&mut self, attributes: &BTreeMap<String, String>) -> Result<(), SqsError> {
        attributes
            .iter()
            .try_for_each(|(name, value)| self.set(name, value))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        let number = |low: u32, high: u32| {
            let parsed = value.parse().ok().filter(|n| (low..=high).contains(n));
            parsed.ok_or_else(|| SqsError::InvalidAttributeValue(name.to_owned()))
        };
        match name {
            "VisibilityTimeout" => self.visibility_timeout = number(0, 43_200)?,
            "DelaySeconds" => self.delay_seconds = number(0, 900)?,
            "ReceiveMessageWaitTimeSeconds" => self.receive_wait_seconds = number(0, 20)?,
            "MessageRetentionPeriod" => self.retention_seconds = number(60, 1_209_600)?,
            "MaximumMessageSize" => self.maximum_message_size = number(1024, 1_048_576)?,
            "RedrivePolicy" => self.redrive = parse_redrive(value)?,
            "RedriveAllowPolicy" => self.redrive_allow = parse_redrive_allow(value)?,
            "KmsDataKeyReusePeriodSeconds" => {
                number(60, 86_400)?;
                self.keep(name, value);
            }
            "SqsManagedSseEnabled" => {
                value
                    .parse::<bool>()
                    .map_err(|_| SqsError::InvalidAttributeValue(name.to_owned()))?;
                self.keep(name, value);
            }
            "Policy" => {
                if !value.is_empty() {
                    parse_policy(value)?;
                }
                self.keep(name, value);
            }
            "KmsMasterKeyId" => {
                self.keep(name, value);
                let managed = value.is_empty().to_string();
                self.keep("SqsManagedSseEnabled", &managed);
            }
            "FifoQueue" if value == "false" => {}
            "FifoQueue" | "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit" => {
                return Err(SqsError::UnsupportedOperation(
                    "FIFO queues are not supported here.".to_owned(),
                ));
            }
            _ => return Err(SqsError::InvalidAttributeName(name.to_owned())),
        }
        Ok(())
    }

    fn keep(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            self.inert.remove(name);
        } else {
            self.inert.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Returns the queue's policy, if it has one. A policy that an older version accepted and this version
    /// cannot parse is logged and ignored.
    pub(crate) fn policy(&self) -> Option<Policy> {
        let policy = parse_policy(self.inert.get("Policy")?);
        policy
            .inspect_err(|error| tracing::warn!(%error, "ignoring a queue policy that cannot be parsed"))
            .ok()
    }

    /// Returns the attributes by the names of `GetQueueAttributes`.
    pub(crate) fn to_attributes(&self) -> BTreeMap<String, String> {
        let mut attributes = self.inert.clone();
        let mut add = |name: &str, value: String| attributes.insert(name.to_owned(), value);
        add("VisibilityTimeout", self.visibility_timeout.to_string());
        add("DelaySeconds", self.delay_seconds.to_string());
        add(
            "ReceiveMessageWaitTimeSeconds",
            self.receive_wait_seconds.to_string(),
        );
        add("MessageRetentionPeriod", self.retention_seconds.to_string());
        add("MaximumMessageSize", self.maximum_message_size.to_string());
        if let Some(policy) = &self.redrive {
            let policy = json!({
                "deadLetterTargetArn": policy.target_arn,
                "maxReceiveCount": policy.max_receive_count,
            });
            add("RedrivePolicy", policy.to_string());
        }
        if let Some(policy) = &self.redrive_allow {
            let policy = match policy {
                RedriveAllowPolicy::AllowAll => json!({"redrivePermission": "allowAll"}),
                RedriveAllowPolicy::DenyAll => json!({"redrivePermission": "denyAll"}),
                RedriveAllowPolicy::ByQueue(arns) => {
                    json!({"redrivePermission": "byQueue", "sourceQueueArns": arns})
                }
            };
            add("RedriveAllowPolicy", policy.to_string());
        }
        attributes
    }
}

fn parse_policy(value: &str) -> Result<Policy, SqsError> {
    let invalid = || SqsError::InvalidAttributeValue("Policy".to_owned());
    let document: Value = serde_json::from_str(value).map_err(|_| invalid())?;
    Policy::resource(&document).map_err(|error| match error {
        PolicyError::Malformed { .. } => invalid(),
        PolicyError::Unsupported { .. } => SqsError::UnsupportedOperation(format!("Policy: {error}")),
    })
}

fn parse_redrive(value: &str) -> Result<Option<RedrivePolicy>, SqsError> {
    if value.is_empty() {
        return Ok(None);
    }
    let refuse = |reason: &str| invalid_parameter("RedrivePolicy", value, reason);
    let policy: Value =
        serde_json::from_str(value).map_err(|_| refuse("Redrive policy is not a valid JSON map."))?;
    let target_arn = policy["deadLetterTargetArn"]
        .as_str()
        .ok_or_else(|| refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
    let count = &policy["maxReceiveCount"];
    if count.is_null() {
        return Err(refuse(
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ));
    }
    // Some tools send the count as a number, others as a string.
    let count = count
        .as_u64()
        .or_else(|| count.as_str().and_then(|text| text.parse().ok()));
    let max_receive_count = count
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| refuse("Invalid value for maxReceiveCount: it must be between 1 and 1000."))?;
    Ok(Some(RedrivePolicy {
        target_arn: target_arn.to_owned(),
        max_receive_count,
    }))
}

fn parse_redrive_allow(value: &str) -> Result<Option<RedriveAllowPolicy>, SqsError> {
    if value.is_empty() {
        return Ok(None);
    }
    let refuse = |reason: &str| invalid_parameter("RedriveAllowPolicy", value, reason);
    let policy: Value = serde_json::from_str(value).map_err(|_| refuse("It is not a valid JSON map."))?;
    let arns: Option<Vec<String>> = serde_json::from_value(policy["sourceQueueArns"].clone()).ok();
    match (policy["redrivePermission"].as_str(), arns) {
        (Some("allowAll"), None) => Ok(Some(RedriveAllowPolicy::AllowAll)),
        (Some("denyAll"), None) => Ok(Some(RedriveAllowPolicy::DenyAll)),
        (Some("byQueue"), Some(arns)) if (1..=10).contains(&arns.len()) => {
            Ok(Some(RedriveAllowPolicy::ByQueue(arns)))
        }
        (Some("byQueue"), _) => Err(refuse("byQueue takes 1 to 10 sourceQueueArns.")),
        (Some("allowAll" | "denyAll"), Some(_)) => Err(refuse("Only byQueue takes sourceQueueArns.")),
        _ => Err(refuse("redrivePermission must be allowAll, denyAll or byQueue.")),
    }
}

/// AWS's message for a parameter value that is not valid.
pub(crate) fn invalid_parameter(name: &str, value: &str, reason: &str) -> SqsError {
    SqsError::InvalidParameterValue(format!(
        "Value {value} for parameter {name} is invalid. Reason: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> Result<QueueSettings, SqsError> {
        let mut settings = QueueSettings::default();
        settings.apply(&BTreeMap::from([(name.to_owned(), value.to_owned())]))?;
        Ok(settings)
    }

    #[test]
    fn values_are_kept_and_printed() {
        let policy =
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":"5"}"#;
        let settings = set("RedrivePolicy", policy).unwrap();
        assert_eq!(settings.redrive.as_ref().unwrap().max_receive_count, 5);
        assert_eq!(
            settings.to_attributes()["RedrivePolicy"],
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":5}"#
        );
        assert_eq!(set("RedrivePolicy", "").unwrap().redrive, None);
        assert_eq!(
            set("VisibilityTimeout", "0").unwrap().to_attributes()["VisibilityTimeout"],
            "0"
        );
    }

    #[test]
    fn values_out_of_range_are_refused_by_code() {
        for (name, value, code) in [
            ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
            ("DelaySeconds", "-1", "InvalidAttributeValue"),
            ("MessageRetentionPeriod", "59", "InvalidAttributeValue"),
            ("MaximumMessageSize", "1048577", "InvalidAttributeValue"),
            ("ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"),
            ("SqsManagedSseEnabled", "maybe", "InvalidAttributeValue"),
            ("Policy", "[]", "InvalidAttributeValue"),
            ("RedrivePolicy", "{}", "InvalidParameterValue"),
            (
                "RedrivePolicy",
                r#"{"deadLetterTargetArn":"a","maxReceiveCount":0}"#,
                "InvalidParameterValue",
            ),
            (
                "RedriveAllowPolicy",
                r#"{"redrivePermission":"byQueue"}"#,
                "InvalidParameterValue",
            ),
            ("FifoQueue", "true", "AWS.SimpleQueueService.UnsupportedOperation"),
            ("Colour", "blue", "InvalidAttributeName"),
            ("QueueArn", "x", "InvalidAttributeName"),
        ] {
            assert_eq!(set(name, value).unwrap_err().code(), code, "{name}={value}");
        }
    }
}
