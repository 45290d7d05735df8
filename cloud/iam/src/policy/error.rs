//! The reasons why a policy document is refused.

/// A policy that cannot be enforced as written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The document or one of its statements does not have the form of a policy.
    #[error("{location}: {problem}")]
    Malformed {
        /// The statement, by its `Sid` or number, or the document.
        location: String,
        /// The problem.
        problem: String,
    },
    /// local-cloud does not support this construct. Ignoring it would allow or deny too much.
    #[error("{location}: {construct} is not supported by local-cloud")]
    Unsupported {
        /// The statement, by its `Sid` or number, or the document.
        location: String,
        /// The construct.
        construct: String,
    },
}

impl PolicyError {
    pub(super) fn malformed(location: &str, problem: impl Into<String>) -> Self {
        Self::Malformed {
            location: location.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn unsupported(location: &str, construct: impl Into<String>) -> Self {
        Self::Unsupported {
            location: location.to_owned(),
            construct: construct.into(),
        }
    }
}
