//! Why a record failed.

use std::borrow::Cow;

/// Whether a failure can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permanence {
    /// The same message can never succeed by this code: to the dead-letter queue on first sight.
    Permanent,
    /// Later it may succeed.
    Transient,
}

/// Why a record failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whether it can pass.
    pub permanence: Permanence,
    /// For programs.
    pub code: Cow<'static, str>,
    /// For people: what happened. It goes into the dead letter, and into no log where it may name what the message says.
    pub detail: String,
}

impl Failure {
    /// One that can never pass.
    #[must_use]
    pub fn permanent(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            permanence: Permanence::Permanent,
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// One that may pass.
    #[must_use]
    pub fn transient(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            permanence: Permanence::Transient,
            code: code.into(),
            detail: detail.into(),
        }
    }
}
