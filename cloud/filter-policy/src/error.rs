//! Why a policy is refused.

/// The reason, in the words that SNS puts after "Invalid parameter: " or "Invalid parameter: Attributes Reason: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The text is not JSON, or no filter policy.
    #[error("FilterPolicy: {0}")]
    Invalid(String),
    /// The policy has nested keys, and its scope is the attributes.
    #[error("Filter policy scope MessageAttributes does not support nested filter policy")]
    Nested,
}

impl PolicyError {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// A reason with the position at which AWS's parser stood. AWS does not show the text itself.
    pub(crate) fn at(reason: &str, line: usize, column: usize) -> Self {
        Self::Invalid(format!(
            "{reason}\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, \
             column: {column}]"
        ))
    }
}
