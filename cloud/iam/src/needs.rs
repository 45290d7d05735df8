//! The permissions that an operation needs.
//!
//! Source: AWS Service Authorization Reference, the pages of Amazon SQS, Amazon SNS and Amazon DynamoDB.

use crate::policy::Permission;

/// The permissions that an operation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// The call needs all of these permissions.
    All(Vec<Permission>),
    /// One permission for each statement of a batch. Each statement is allowed or denied alone. `None` stands
    /// for a statement whose permission cannot be determined.
    EachStatement(Vec<Option<Permission>>),
    /// The permission cannot be determined, so the call is denied.
    Unknown,
}

/// The resource of an action that has no resource type, and of a request that names no resource.
pub const ANY: &str = "*";
