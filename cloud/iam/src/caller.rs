//! Who is judged.

use std::fmt;

use cloud_wire::ACCOUNT;

/// The service that delivers to queues.
pub const SNS: &str = "sns.amazonaws.com";
/// The service that runs functions.
pub const LAMBDA: &str = "lambda.amazonaws.com";

/// A caller whose permissions are judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A function, which acts with its role.
    Role {
        /// The role's name.
        role: String,
        /// The session's name, which is the function's.
        session: String,
    },
    /// A service of AWS, which acts for a resource.
    Service {
        /// Such as `sns.amazonaws.com`.
        name: &'static str,
        /// The ARN of the resource that it acts for: the value of `aws:SourceArn`.
        source_arn: String,
    },
}

impl Caller {
    /// The ARN of the role itself, if the caller has one.
    #[must_use]
    pub fn role_arn(&self) -> Option<String> {
        match self {
            Self::Role { role, .. } => Some(format!("arn:aws:iam::{ACCOUNT}:role/{role}")),
            Self::Service { .. } => None,
        }
    }

    /// The ARN of the role's session, if the caller has one.
    #[must_use]
    pub fn session_arn(&self) -> Option<String> {
        match self {
            Self::Role { role, session } => {
                Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"))
            }
            Self::Service { .. } => None,
        }
    }
}

/// The name under which AWS's messages speak of the caller.
impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { role, session } => {
                write!(formatter, "arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}")
            }
            Self::Service { name, .. } => formatter.write_str(name),
        }
    }
}
