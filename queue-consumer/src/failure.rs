//! Why a record failed.

use std::borrow::Cow;

/// Whether a later attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permanence {
    /// This version of the code can never process the message. It is dead-lettered at its first receive.
    Permanent,
    /// A later attempt may succeed.
    Transient,
}

/// Why a record failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whether a later attempt may succeed.
    pub permanence: Permanence,
    /// The code, for programs.
    pub code: Cow<'static, str>,
    /// The detail, for people. The dead letter holds it. No log may hold that of a permanent failure, which may name
    /// content of the message.
    pub detail: String,
}

impl Failure {
    /// A failure that no later attempt can avoid.
    #[must_use]
    pub fn permanent(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            permanence: Permanence::Permanent,
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// A failure that a later attempt may avoid.
    #[must_use]
    pub fn transient(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            permanence: Permanence::Transient,
            code: code.into(),
            detail: detail.into(),
        }
    }
}
