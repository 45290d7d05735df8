//! IAM of the local AWS: whether a caller may do what a call asks for.
//!
//! [`Policy`] is a parsed document, [`Iam`] evaluates a [`Caller`]'s request for a [`Permission`], [`Denials`] keeps the denied
//! calls, [`AccessKeys`] finds the caller of a call. Each service says with [`Needs`] which permissions its operations need.
//! Invariants: a policy is understood in full or it is an error, and an explicit deny wins over every allow.
//!
//! Imports `cloud-wire` of the workspace, and no service.

mod access_keys;
mod caller;
mod denial;
mod iam;
mod needs;
mod policy;
#[cfg(test)]
mod tests;

pub use access_keys::{AccessKeys, Principal};
pub use caller::{Caller, LAMBDA, SNS};
pub use denial::{Denial, Denials, Reason};
pub use iam::{Iam, Role};
pub use needs::{ANY, Needs};
pub use policy::{Permission, Policy, PolicyError, Request, Verdict};
