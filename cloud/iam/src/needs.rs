//! Which permissions an operation needs.
//!
//! Source: AWS Service Authorization Reference, the pages of Amazon SQS, Amazon SNS and Amazon DynamoDB.

use crate::policy::Permission;

/// What an operation needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// All of these, or the call is refused.
    All(Vec<Permission>),
    /// One for each statement of a batch, whose statements are judged alone. `None` is a statement of which it cannot
    /// be told.
    EachStatement(Vec<Option<Permission>>),
    /// It cannot be told, so that nothing may be done.
    Unknown,
}

/// What stands for the resource where an action has no resource type, or the request names none.
pub const ANY: &str = "*";
