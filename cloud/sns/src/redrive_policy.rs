//! The redrive policy of a subscription: where messages go that cannot be delivered.

use cloud_sqs::name;
use serde_json::{Map, Value};

/// The only key of a policy. Unlike SQS's, it has no `maxReceiveCount`.
const TARGET: &str = "deadLetterTargetArn";

/// A parsed redrive policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RedrivePolicy {
    /// The name of the dead-letter queue.
    pub(super) queue: String,
}

impl RedrivePolicy {
    /// Parses a policy. The error is the reason, in AWS's words where public reports have them.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("failed to parse JSON. {error}"))?;
        if let Some(unknown) = policy.keys().find(|key| *key != TARGET) {
            return Err(format!("invalid JSON. Attribute {unknown} is unknown."));
        }
        let queue = policy
            .get(TARGET)
            .and_then(Value::as_str)
            .and_then(name::from_arn);
        queue
            .map(|queue| Self {
                queue: queue.to_owned(),
            })
            .ok_or_else(|| format!("{TARGET} is an invalid arn"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_a_queue_and_nothing_else() {
        let parsed =
            RedrivePolicy::parse(r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dlq"}"#);
        assert_eq!(parsed.unwrap().queue, "dlq");
        for (bad, words) in [
            ("nonsense", "failed to parse JSON"),
            ("[]", "failed to parse JSON"),
            ("{}", "deadLetterTargetArn is an invalid arn"),
            (r#"{"deadLetterTargetArn": "dlq"}"#, "is an invalid arn"),
            (r#"{"deadLetterTargetArn": 1}"#, "is an invalid arn"),
            (
                r#"{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dlq", "maxReceiveCount": 5}"#,
                "invalid JSON. Attribute maxReceiveCount is unknown.",
            ),
        ] {
            let reason = RedrivePolicy::parse(bad).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }
}
