//! The attributes that `Subscribe` and `SetSubscriptionAttributes` take.

use cloud_filter_policy::{FilterPolicy, Scope};

use crate::delivery_policy::SubscriptionPolicy;
use crate::error::SnsError;
use crate::redrive_policy::RedrivePolicy;
use crate::request::Attributes;
use crate::subscription::filter_scope;

/// The call that sets attributes. Its errors name the parameter that holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setter {
    Subscribe,
    SetAttributes,
}

impl Setter {
    /// Builds the error for an attribute with a wrong value.
    fn invalid(self, reason: &str) -> SnsError {
        match self {
            Self::Subscribe => SnsError::parameter("Attributes", reason),
            Self::SetAttributes => SnsError::InvalidParameter(reason.to_owned()),
        }
    }
}

/// Checks that the attributes can be set, and returns them with the values that AWS stores.
pub(super) fn check(setter: Setter, attributes: Attributes) -> Result<Attributes, SnsError> {
    attributes
        .into_iter()
        .map(|(name, value)| {
            let value = check_one(setter, &name, value)?;
            Ok((name, value))
        })
        .collect()
}

/// Checks the filter policy among all attributes of a subscription, in its scope.
pub(super) fn check_filter(setter: Setter, attributes: &Attributes) -> Result<(), SnsError> {
    match attributes.get("FilterPolicy") {
        Some(policy) if !policy.is_empty() => FilterPolicy::parse(policy, filter_scope(attributes))
            .map(drop)
            .map_err(|error| setter.invalid(&error.to_string())),
        _ => Ok(()),
    }
}

fn check_one(setter: Setter, name: &str, value: String) -> Result<String, SnsError> {
    match (name, value.as_str()) {
        // The filter policy is judged with its scope, by `check_filter`.
        ("RedrivePolicy" | "DeliveryPolicy", "") | ("FilterPolicy" | "SubscriptionRoleArn", _) => {}
        ("DeliveryPolicy", policy) => {
            let policy = SubscriptionPolicy::parse(policy);
            let policy = policy.map_err(|reason| setter.invalid(&format!("DeliveryPolicy: {reason}")))?;
            return Ok(policy.to_json());
        }
        ("RawMessageDelivery", _) => {
            let lower = value.to_ascii_lowercase();
            if matches!(lower.as_str(), "true" | "false") {
                return Ok(lower);
            }
            return Err(setter.invalid(&format!(
                "RawMessageDelivery: Invalid value [{value}]. Must be true or false."
            )));
        }
        ("FilterPolicyScope", scope) if Scope::parse(scope).is_some() => {}
        ("FilterPolicyScope", _) => {
            return Err(setter.invalid(&format!(
                "FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
            )));
        }
        ("RedrivePolicy", policy) => {
            RedrivePolicy::parse(policy)
                .map_err(|reason| setter.invalid(&format!("RedrivePolicy: {reason}")))?;
        }
        _ => return Err(setter.invalid("AttributeName")),
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(setter: Setter, name: &str, value: &str) -> Result<String, String> {
        check_one(setter, name, value.to_owned()).map_err(|error| error.message())
    }

    #[test]
    fn raw_delivery_is_a_boolean_in_any_case() {
        let set = |value| check_text(Setter::SetAttributes, "RawMessageDelivery", value);
        assert_eq!(set("True").unwrap(), "true");
        assert_eq!(set("FALSE").unwrap(), "false");
        assert_eq!(
            set("test-ValUe").unwrap_err(),
            "Invalid parameter: RawMessageDelivery: Invalid value [test-ValUe]. Must be true or false."
        );
        assert_eq!(
            check_text(Setter::Subscribe, "RawMessageDelivery", "").unwrap_err(),
            "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value []. Must be true or false."
        );
    }

    #[test]
    fn unknown_names_and_wrong_policies_are_refused() {
        assert_eq!(
            check_text(Setter::SetAttributes, "fake", "x").unwrap_err(),
            "Invalid parameter: AttributeName"
        );
        assert_eq!(
            check_text(
                Setter::SetAttributes,
                "RedrivePolicy",
                r#"{"deadLetterTargetArn": "fake"}"#
            )
            .unwrap_err(),
            "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn"
        );
    }
}
