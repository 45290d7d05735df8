//! Filter policies of SNS subscriptions: which messages a subscriber gets.
//!
//! [`FilterPolicy::parse`] reads a policy, and refuses what AWS refuses, in AWS's words. `compiler` reads the JSON of a policy
//! as AWS's own library (Event Ruler) does, `policy` holds the result, `matching` compares it with the attributes of a message
//! or with its body. Numbers are exact decimals. Invariant: a policy that exists is valid for its scope.
//!
//! Sources: SNS Developer Guide, "Amazon SNS subscription filter policies" and "Filter policy constraints"; answers that a
//! public suite recorded on AWS.
//!
//! Imports no other crate of the workspace.

mod cidr;
mod clause;
mod compiler;
mod condition;
mod decimal;
mod error;
mod json;
mod limits;
mod matching;
mod policy;
mod scope;
#[cfg(test)]
mod tests;
mod tokens;
mod wildcard;

pub use error::PolicyError;
pub use matching::Attribute;
pub use policy::FilterPolicy;
pub use scope::Scope;
