//! The element `Condition`. All operators and all their keys must match. A key matches if one of its values
//! matches.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition context keys".

use cloud_wire::ACCOUNT;
use serde_json::Value;

use super::error::PolicyError;
use super::pattern::Pattern;
use super::texts::texts;
use crate::caller::Caller;

/// One condition key with one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    test: Test,
    /// Set for operators that end in `IfExists`: the condition holds if the request does not have the key.
    if_exists: bool,
    key: Key,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// `String...`, `Arn...` and `Bool`: one of the values must match (`wanted` is true), or none of them may
    /// match.
    Is { values: Values, wanted: bool },
    /// `Null`: the key must be absent (true) or present (false).
    Absent(bool),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    Exact(Vec<String>),
    AnyCase(Vec<String>),
    Patterns(Vec<Pattern>),
}

/// The condition keys that requests have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    SecureTransport,
    SourceArn,
    SourceAccount,
    /// The older name of `aws:SourceAccount` in SNS and SQS. AWS does not set it for callers that sign their
    /// requests.
    SourceOwner,
    PrincipalArn,
    PrincipalAccount,
    PrincipalIsAwsService,
    /// Only requests to KMS have this key. There are none here.
    ViaService,
}

pub(super) fn parse(location: &str, value: &Value) -> Result<Vec<Condition>, PolicyError> {
    let operators = value
        .as_object()
        .ok_or_else(|| PolicyError::malformed(location, "`Condition` is a mapping of operators"))?;
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let keys = keys
            .as_object()
            .ok_or_else(|| PolicyError::malformed(location, format!("`{operator}` is a mapping of keys")))?;
        for (key, values) in keys {
            let values = texts(location, key, values)?;
            let (name, if_exists) = match operator.strip_suffix("IfExists") {
                Some(name) => (name, true),
                None => (operator.as_str(), false),
            };
            conditions.push(Condition {
                test: Test::parse(location, name, values)?,
                if_exists,
                key: Key::parse(location, key)?,
            });
        }
    }
    Ok(conditions)
}

impl Test {
    fn parse(location: &str, operator: &str, values: Vec<String>) -> Result<Self, PolicyError> {
        let patterns = |values: Vec<String>| {
            let patterns = values.iter().map(|value| Pattern::parse(location, value));
            Ok(Values::Patterns(patterns.collect::<Result<_, PolicyError>>()?))
        };
        let any_case =
            |values: Vec<String>| Values::AnyCase(values.iter().map(|v| v.to_lowercase()).collect());
        let boolean = || match values.as_slice() {
            [value] if value == "true" || value == "false" => Ok(value == "true"),
            _ => Err(PolicyError::malformed(
                location,
                format!("`{operator}` takes true or false"),
            )),
        };
        let (values, wanted) = match operator {
            "Null" => return Ok(Self::Absent(boolean()?)),
            "Bool" => (Values::Exact(vec![boolean()?.to_string()]), true),
            "StringEquals" => (Values::Exact(values), true),
            "StringNotEquals" => (Values::Exact(values), false),
            "StringEqualsIgnoreCase" => (any_case(values), true),
            "StringNotEqualsIgnoreCase" => (any_case(values), false),
            // AWS treats wildcards in ArnEquals and ArnLike the same.
            "StringLike" | "ArnEquals" | "ArnLike" => (patterns(values)?, true),
            "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => (patterns(values)?, false),
            _ => {
                return Err(PolicyError::unsupported(
                    location,
                    format!("the condition operator `{operator}`"),
                ));
            }
        };
        Ok(Self::Is { values, wanted })
    }
}

impl Values {
    fn contain(&self, value: &str) -> bool {
        match self {
            Self::Exact(values) => values.iter().any(|known| known == value),
            Self::AnyCase(values) => values.contains(&value.to_lowercase()),
            Self::Patterns(patterns) => patterns.iter().any(|pattern| pattern.matches(value)),
        }
    }
}

impl Key {
    /// Parses a key. Upper and lower case are equal.
    fn parse(location: &str, key: &str) -> Result<Self, PolicyError> {
        Ok(match key.to_lowercase().as_str() {
            "aws:securetransport" => Self::SecureTransport,
            "aws:sourcearn" => Self::SourceArn,
            "aws:sourceaccount" => Self::SourceAccount,
            "aws:sourceowner" => Self::SourceOwner,
            "aws:principalarn" => Self::PrincipalArn,
            "aws:principalaccount" => Self::PrincipalAccount,
            "aws:principalisawsservice" => Self::PrincipalIsAwsService,
            "kms:viaservice" => Self::ViaService,
            _ => {
                return Err(PolicyError::unsupported(
                    location,
                    format!("the condition key `{key}`"),
                ));
            }
        })
    }

    fn of(self, caller: &Caller) -> Option<String> {
        match (self, caller) {
            // A call over loopback cannot be intercepted by anyone who cannot read the process itself.
            (Self::SecureTransport, _) => Some("true".to_owned()),
            (Self::SourceArn, Caller::Service { source_arn, .. }) => Some(source_arn.clone()),
            (Self::SourceAccount | Self::SourceOwner, Caller::Service { .. })
            | (Self::PrincipalAccount, Caller::Role { .. }) => Some(ACCOUNT.to_owned()),
            (Self::PrincipalArn, Caller::Role { .. }) => caller.role_arn(),
            (Self::PrincipalIsAwsService, _) => Some(matches!(caller, Caller::Service { .. }).to_string()),
            _ => None,
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, caller: &Caller) -> bool {
        let value = self.key.of(caller);
        match (&self.test, value) {
            (Test::Absent(wanted), value) => value.is_none() == *wanted,
            (Test::Is { values, wanted }, Some(value)) => values.contain(&value) == *wanted,
            // If the request does not have the key, only a negated operator or `IfExists` holds.
            (Test::Is { wanted, .. }, None) => self.if_exists || !wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::caller::SNS;

    fn holds(condition: &Value, caller: &Caller) -> bool {
        parse("p", condition)
            .unwrap()
            .iter()
            .all(|condition| condition.holds(caller))
    }

    #[test]
    fn operators_hold_as_aws_says() {
        let topic = "arn:aws:sns:us-east-1:000000000000:order-events";
        let sns = Caller::Service {
            name: SNS,
            source_arn: topic.to_owned(),
        };
        let role = Caller::Role {
            role: "r".to_owned(),
            session: "f".to_owned(),
        };
        for (condition, sns_holds, role_holds) in [
            (json!({}), true, true),
            (json!({"Bool": {"aws:SecureTransport": "false"}}), false, false),
            (json!({"Bool": {"AWS:securetransport": true}}), true, true),
            (json!({"ArnEquals": {"aws:SourceArn": topic}}), true, false),
            (
                json!({"ArnLike": {"aws:SourceArn": ["x", "arn:aws:sns:*:*:order-*"]}}),
                true,
                false,
            ),
            (json!({"ArnLikeIfExists": {"aws:SourceArn": "x"}}), false, true),
            (
                json!({"StringNotEquals": {"aws:SourceAccount": "111111111111"}}),
                true,
                true,
            ),
            (
                json!({"StringEquals": {"aws:SourceAccount": "000000000000", "aws:SourceArn": "x"}}),
                false,
                false,
            ),
            (
                json!({"StringEqualsIgnoreCase": {"aws:SourceArn": topic.to_uppercase()}}),
                true,
                false,
            ),
            (
                json!({"StringLike": {"aws:PrincipalArn": "*:role/r"}}),
                false,
                true,
            ),
            (json!({"Null": {"aws:SourceArn": "true"}}), false, true),
            (
                json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}),
                true,
                false,
            ),
        ] {
            assert_eq!(holds(&condition, &sns), sns_holds, "{condition}");
            assert_eq!(holds(&condition, &role), role_holds, "{condition}");
        }
    }

    #[test]
    fn the_error_names_an_unsupported_construct() {
        for (condition, named) in [
            (
                json!({"IpAddress": {"aws:SourceArn": "10.0.0.0/8"}}),
                "`IpAddress`",
            ),
            (
                json!({"ForAnyValue:StringEquals": {"aws:SourceArn": "x"}}),
                "`ForAnyValue:StringEquals`",
            ),
            (
                json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
                "`aws:MultiFactorAuthPresent`",
            ),
            (json!({"Bool": {"aws:SecureTransport": "maybe"}}), "true or false"),
        ] {
            let error = parse("p", &condition).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
