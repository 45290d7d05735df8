//! The request that policies allow or deny: a permission of a caller.

use crate::caller::Caller;

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The action as the Service Authorization Reference spells it, for example `sqs:SendMessage`.
    pub action: String,
    /// An ARN, or `*` for an action without a resource type.
    pub resource: String,
}

impl Permission {
    /// Creates a permission.
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
        }
    }
}

/// A request that policies are evaluated for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The caller.
    pub caller: &'a Caller,
    /// The permission that the call needs.
    pub permission: &'a Permission,
}
