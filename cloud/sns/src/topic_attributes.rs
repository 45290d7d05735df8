//! The attributes that `CreateTopic` and `SetTopicAttributes` take.

use crate::delivery_policy::TopicPolicy;
use crate::error::SnsError;
use crate::request::Attributes;
use crate::signature::SignatureVersion;
use crate::topic::parse_policy;

/// Attributes that are stored and read back, and have no effect here.
const STORED: [&str; 13] = [
    "KmsMasterKeyId",
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn",
    "FirehoseSuccessFeedbackRoleArn",
    "FirehoseSuccessFeedbackSampleRate",
    "FirehoseFailureFeedbackRoleArn",
    "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate",
    "LambdaFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SQSFailureFeedbackRoleArn",
];

/// Checks the attributes of a new topic. `FifoTopic` of `false` is taken and not stored, as recorded.
pub(super) fn check_new(mut attributes: Attributes) -> Result<Attributes, SnsError> {
    if attributes
        .get("FifoTopic")
        .is_some_and(|value| value.eq_ignore_ascii_case("false"))
    {
        attributes.remove("FifoTopic");
    }
    attributes
        .into_iter()
        .map(|(name, value)| match check(&name, value) {
            Ok(Some(value)) => Ok((name, value)),
            // The answer of AWS where it has no FIFO topics.
            Ok(None) => Err(SnsError::parameter(
                "Attributes",
                format!("Unknown attribute {name}"),
            )),
            Err(reason) => Err(SnsError::parameter("Attributes", reason)),
        })
        .collect()
}

/// Returns the version of the signatures of a topic's messages.
pub(super) fn signature_version(attributes: &Attributes) -> SignatureVersion {
    let version = attributes.get("SignatureVersion");
    version
        .and_then(|version| SignatureVersion::parse(version))
        .unwrap_or_default()
}

/// Checks a new value of an attribute.
pub(super) fn check_change(name: &str, value: String) -> Result<String, SnsError> {
    match check(name, value) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(SnsError::InvalidParameter("AttributeName".to_owned())),
        Err(reason) => Err(SnsError::InvalidParameter(reason)),
    }
}

/// Returns the value that is stored, or `None` for an attribute that AWS or this implementation does not know.
fn check(name: &str, value: String) -> Result<Option<String>, String> {
    match (name, value.as_str()) {
        ("Policy" | "DeliveryPolicy", "") => {}
        ("Policy", policy) => {
            parse_policy(policy).map_err(|error| match error {
                SnsError::InvalidParameter(reason) => reason,
                error => error.message(),
            })?;
        }
        ("DeliveryPolicy", "null" | "{}") => return Ok(Some(String::new())),
        ("DeliveryPolicy", policy) => {
            let policy = TopicPolicy::parse(policy).map_err(|reason| format!("DeliveryPolicy: {reason}"))?;
            return Ok(Some(policy.to_json()));
        }
        ("DisplayName", name) if name.chars().count() > 100 => return Err("DisplayName".to_owned()),
        ("SignatureVersion", version) if SignatureVersion::parse(version).is_none() => {
            return Err("SignatureVersion".to_owned());
        }
        ("TracingConfig", mode) if !matches!(mode, "PassThrough" | "Active") => {
            return Err("TracingConfig".to_owned());
        }
        ("DisplayName" | "SignatureVersion" | "TracingConfig", _) => {}
        (name, _) if STORED.contains(&name) => {}
        _ => return Ok(None),
    }
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_attributes_are_read_back() {
        for name in STORED {
            assert_eq!(check_change(name, "x".to_owned()).unwrap(), "x");
        }
        assert_eq!(
            check_change("TracingConfig", "Active".to_owned()).unwrap(),
            "Active"
        );
    }

    #[test]
    fn unknown_and_wrong_attributes_are_refused() {
        let new = |name: &str, value: &str| {
            let attributes = Attributes::from([(name.to_owned(), value.to_owned())]);
            check_new(attributes).map_err(|error| error.message())
        };
        assert!(new("FifoTopic", "False").unwrap().is_empty());
        assert_eq!(
            new("FifoTopic", "true").unwrap_err(),
            "Invalid parameter: Attributes Reason: Unknown attribute FifoTopic"
        );
        for (name, value) in [
            ("SignatureVersion", "3"),
            ("TracingConfig", "x"),
            ("DisplayName", &"x".repeat(101)),
            ("Policy", "{"),
            ("DeliveryPolicy", "{"),
        ] {
            assert!(new(name, value).is_err(), "{name}");
        }
    }
}
