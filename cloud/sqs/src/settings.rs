//! Queue attributes: parsed when they are set, stored as typed values, printed in AWS's form.
//!
//! Source: SQS API Reference, `SetQueueAttributes`.

use std::collections::BTreeMap;

use cloud_iam::{Policy, PolicyError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::SqsError;
use crate::name;

pub(crate) const POLICY: &str = "Policy";
pub(crate) const REDRIVE: &str = "RedrivePolicy";
const KMS_KEY: &str = "KmsMasterKeyId";
const KMS_REUSE: &str = "KmsDataKeyReusePeriodSeconds";
/// In seconds.
const KMS_REUSE_DEFAULT: u32 = 300;
const MANAGED_SSE: &str = "SqsManagedSseEnabled";

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
    /// Sets the given attributes. The others do not change. An empty value sets the default.
    pub(crate) fn apply(&mut self, attributes: &BTreeMap<String, String>) -> Result<(), SqsError> {
        let is = |name: &str, wanted: fn(&str) -> bool| attributes.get(name).is_some_and(|v| wanted(v));
        if is(KMS_KEY, |key| !key.is_empty()) && is(MANAGED_SSE, |v| v == "true") {
            return Err(SqsError::InvalidAttributeName(
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or \
                 SQS SSE."
                    .to_owned(),
            ));
        }
        attributes
            .iter()
            .try_for_each(|(name, value)| self.set(name, value))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        let default = Self::default();
        let number = |low: u32, high: u32, default: u32| {
            if value.is_empty() {
                return Ok(default);
            }
            let parsed = value.parse().ok().filter(|n| (low..=high).contains(n));
            parsed.ok_or_else(|| SqsError::InvalidAttributeValue(name.to_owned()))
        };
        match name {
            "VisibilityTimeout" => {
                self.visibility_timeout = number(0, 43_200, default.visibility_timeout)?;
            }
            "DelaySeconds" => self.delay_seconds = number(0, 900, default.delay_seconds)?,
            "ReceiveMessageWaitTimeSeconds" => {
                self.receive_wait_seconds = number(0, 20, default.receive_wait_seconds)?;
            }
            "MessageRetentionPeriod" => {
                self.retention_seconds = number(60, 1_209_600, default.retention_seconds)?;
            }
            "MaximumMessageSize" => {
                self.maximum_message_size = number(1024, 1_048_576, default.maximum_message_size)?;
            }
            REDRIVE => self.redrive = parse_redrive(value)?,
            "RedriveAllowPolicy" => self.redrive_allow = parse_redrive_allow(value)?,
            KMS_REUSE => {
                let seconds = number(60, 86_400, KMS_REUSE_DEFAULT)?;
                // AWS does not show the default: recorded from AWS.
                let shown = (seconds != KMS_REUSE_DEFAULT).then(|| seconds.to_string());
                self.keep(name, shown.as_deref().unwrap_or_default());
            }
            MANAGED_SSE => {
                let managed = if value.is_empty() { "true" } else { value };
                managed
                    .parse::<bool>()
                    .map_err(|_| SqsError::InvalidAttributeValue(name.to_owned()))?;
                self.keep(name, managed);
            }
            POLICY => {
                if !value.is_empty() {
                    parse_policy(value)?;
                }
                self.keep(name, value);
            }
            // Without the key, SSE stays off: recorded from AWS.
            KMS_KEY => {
                self.keep(name, value);
                self.keep(MANAGED_SSE, "false");
            }
            "DeduplicationScope" | "FifoThroughputLimit" => {
                return Err(SqsError::InvalidAttributeName(format!(
                    "You can specify the {name} only when FifoQueue is set to true."
                )));
            }
            _ => return Err(SqsError::unknown_attribute(name)),
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

    /// Returns the text of the queue's policy as JSON, if it has one.
    pub(crate) fn policy_document(&self) -> Option<Value> {
        serde_json::from_str(self.inert.get(POLICY)?).ok()
    }

    /// Returns the queue's policy, if it has one. A policy that an older version accepted and this version
    /// cannot parse is logged and ignored.
    pub(crate) fn policy(&self) -> Option<Policy> {
        let policy = parse_policy(self.inert.get(POLICY)?);
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
    let invalid = || SqsError::InvalidAttributeValue(POLICY.to_owned());
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
    let refuse = |reason: &str| invalid_parameter(REDRIVE, value, reason);
    let policy: Value =
        serde_json::from_str(value).map_err(|_| refuse("Redrive policy is not a valid JSON map."))?;
    let target_arn = policy["deadLetterTargetArn"]
        .as_str()
        .ok_or_else(|| refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
    if name::from_arn(target_arn).is_none() {
        return Err(refuse("Invalid value for deadLetterTargetArn."));
    }
    let count = &policy["maxReceiveCount"];
    if count.is_null() {
        return Err(refuse(
            "Redrive policy does not contain mandatory attribute: maxReceiveCount.",
        ));
    }
    // Some tools send the count as a number, others as a string.
    let shown = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
    let count = count
        .as_u64()
        .or_else(|| count.as_str().and_then(|text| text.parse().ok()));
    let max_receive_count = count
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| {
            refuse(&format!(
                "Invalid value for maxReceiveCount: {shown}, valid values are from 1 to 1000 both inclusive."
            ))
        })?;
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
    fn an_empty_value_sets_the_default() {
        let mut settings = QueueSettings::default();
        let numbers = [
            ("VisibilityTimeout", "40"),
            ("DelaySeconds", "5"),
            ("ReceiveMessageWaitTimeSeconds", "3"),
            ("MessageRetentionPeriod", "60"),
            ("MaximumMessageSize", "2048"),
            ("KmsDataKeyReusePeriodSeconds", "6000"),
            ("Policy", r#"{"Statement": []}"#),
        ];
        let set = numbers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        settings.apply(&BTreeMap::from(set)).unwrap();
        assert_ne!(settings, QueueSettings::default());
        let reset = numbers.map(|(name, _)| (name.to_owned(), String::new()));
        settings.apply(&BTreeMap::from(reset)).unwrap();
        assert_eq!(settings, QueueSettings::default());
    }

    #[test]
    fn one_type_of_encryption_at_one_time() {
        let mut settings = QueueSettings::default();
        let both = [("KmsMasterKeyId", "k"), ("SqsManagedSseEnabled", "true")];
        let both = both.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let error = settings.apply(&BTreeMap::from(both)).unwrap_err();
        assert_eq!(error.code(), "InvalidAttributeName");
        settings = set("KmsMasterKeyId", "k").unwrap();
        assert_eq!(settings.to_attributes()["SqsManagedSseEnabled"], "false");
        let no_key = BTreeMap::from([("KmsMasterKeyId".to_owned(), String::new())]);
        settings.apply(&no_key).unwrap();
        assert_eq!(settings.to_attributes()["SqsManagedSseEnabled"], "false");
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
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dlq","maxReceiveCount":0}"#,
                "InvalidParameterValue",
            ),
            (
                "RedriveAllowPolicy",
                r#"{"redrivePermission":"byQueue"}"#,
                "InvalidParameterValue",
            ),
            ("FifoQueue", "true", "InvalidAttributeName"),
            ("FifoQueue", "false", "InvalidAttributeName"),
            ("ContentBasedDeduplication", "false", "InvalidAttributeName"),
            ("DeduplicationScope", "queue", "InvalidAttributeName"),
            ("Colour", "blue", "InvalidAttributeName"),
            ("QueueArn", "x", "InvalidAttributeName"),
        ] {
            assert_eq!(set(name, value).unwrap_err().code(), code, "{name}={value}");
        }
    }
}
