//! The scope of a policy.

/// The part of a message that a policy is compared with: the value of `FilterPolicyScope`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The attributes of a message.
    #[default]
    MessageAttributes,
    /// The body of a message, which has to be a JSON object.
    MessageBody,
}

impl Scope {
    /// Parses the value of the attribute.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        match value {
            "MessageAttributes" => Some(Self::MessageAttributes),
            "MessageBody" => Some(Self::MessageBody),
            _ => None,
        }
    }

    /// The value of the attribute.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MessageAttributes => "MessageAttributes",
            Self::MessageBody => "MessageBody",
        }
    }
}
