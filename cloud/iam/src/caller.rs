//! The callers whose permissions are checked.

use std::fmt;

use cloud_wire::ACCOUNT;

/// The service principal of SNS, which delivers to queues.
pub const SNS: &str = "sns.amazonaws.com";
/// The service principal of Lambda, which runs functions.
pub const LAMBDA: &str = "lambda.amazonaws.com";

/// A caller whose permissions are checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// A Lambda function, which calls with the credentials of its role.
    Role {
        /// The name of the role.
        role: String,
        /// The name of the role session: the name of the function.
        session: String,
    },
    /// An AWS service that calls on behalf of a resource.
    Service {
        /// The service principal, for example `sns.amazonaws.com`.
        name: &'static str,
        /// The ARN of that resource, the value of `aws:SourceArn`.
        source_arn: String,
    },
    /// Somebody without credentials. Only the policy of a resource can let them in.
    Anonymous,
}

impl Caller {
    /// Returns the ARN of the role, or `None` for a service.
    #[must_use]
    pub fn role_arn(&self) -> Option<String> {
        match self {
            Self::Role { role, .. } => Some(format!("arn:aws:iam::{ACCOUNT}:role/{role}")),
            Self::Service { .. } | Self::Anonymous => None,
        }
    }

    /// Returns the ARN of the role session, or `None` for a service.
    #[must_use]
    pub fn session_arn(&self) -> Option<String> {
        match self {
            Self::Role { role, session } => {
                Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"))
            }
            Self::Service { .. } | Self::Anonymous => None,
        }
    }
}

/// The name of the caller in AWS's messages.
impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { role, session } => {
                write!(formatter, "arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}")
            }
            Self::Service { name, .. } => formatter.write_str(name),
            Self::Anonymous => formatter.write_str("anonymous"),
        }
    }
}
