//! Policy documents and their evaluation.
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

/// The result of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A statement allows the request and none denies it.
    Allowed,
    /// A statement of the caller's own policies denies the request. Allow statements do not matter then.
    DeniedByIdentityPolicy,
    /// A statement of the resource's policy denies the request. Allow statements do not matter then.
    DeniedByResourcePolicy,
    /// No statement allows the request.
    NotAllowed,
}

/// Evaluates a request with the caller's policies and the resource's policy, within one account. A deny
/// statement wins. Otherwise one allow statement, of the caller or the resource, is enough.
pub(crate) fn evaluate(identity: &[Policy], resource: Option<&Policy>, request: &Request<'_>) -> Verdict {
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
