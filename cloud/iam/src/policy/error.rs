//! Why a policy document is refused.

/// A policy that cannot be enforced as it was meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The document or one of its statements does not have the form of a policy.
    #[error("{place}: {problem}")]
    Malformed {
        /// The statement, by its `Sid` or number, or the document.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A construct of AWS's that local-cloud does not evaluate. Passing over it would allow or deny too much.
    #[error("{place}: {construct} is not supported by local-cloud")]
    Unsupported {
        /// The statement, by its `Sid` or number, or the document.
        place: String,
        /// What it uses.
        construct: String,
    },
}

impl PolicyError {
    pub(super) fn malformed(place: &str, problem: impl Into<String>) -> Self {
        Self::Malformed {
            place: place.to_owned(),
            problem: problem.into(),
        }
    }

    pub(super) fn unsupported(place: &str, construct: impl Into<String>) -> Self {
        Self::Unsupported {
            place: place.to_owned(),
            construct: construct.into(),
        }
    }
}
