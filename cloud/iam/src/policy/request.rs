//! What is asked of policies: a caller's permission.

use crate::caller::Caller;

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// Such as `sqs:SendMessage`, as the Service Authorization Reference spells it.
    pub action: String,
    /// An ARN; `*` for an action without a resource type.
    pub resource: String,
}

impl Permission {
    /// A permission.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
        }
    }
}

/// What is asked of policies.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// For what.
    pub permission: &'a Permission,
}
