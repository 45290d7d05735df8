//! Policy documents, and what they say of a request.
//!
//! Source: IAM User Guide, "IAM JSON policy element reference" and "Policy evaluation logic".

mod condition;
mod document;
mod error;
mod pattern;
mod principal;
mod request;
mod texts;

pub use document::Policy;
pub use error::PolicyError;
pub use request::{Permission, Request};

/// What policies answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement of the caller's own policies denies it, whatever others allow.
    DeniedByIdentityPolicy,
    /// A statement of the resource's policy denies it, whatever others allow.
    DeniedByResourcePolicy,
    /// No statement allows it.
    NotAllowed,
}

/// Judges a request by the caller's policies and the resource's, within one account: an explicit deny wins, then one
/// allow of either side is enough.
pub(crate) fn judge(identity: &[Policy], resource: Option<&Policy>, request: &Request<'_>) -> Verdict {
    if identity.iter().any(|policy| policy.denies(request)) {
        Verdict::DeniedByIdentityPolicy
    } else if resource.is_some_and(|policy| policy.denies(request)) {
        Verdict::DeniedByResourcePolicy
    } else if identity
        .iter()
        .chain(resource)
        .any(|policy| policy.allows(request))
    {
        Verdict::Allowed
    } else {
        Verdict::NotAllowed
    }
}

#[cfg(test)]
mod laws;
