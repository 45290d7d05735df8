//! Signatures of messages, with which a subscriber verifies that a message comes from SNS.
//!
//! Source: SNS Developer Guide, "Verifying the signatures of Amazon SNS messages".

mod fields;
mod key;
mod signer;
#[cfg(test)]
mod tests;

pub(crate) use fields::{Signature, SignatureVersion, SignedFields};
pub(crate) use key::SigningKey;
pub(crate) use signer::{Needs, Signer};
