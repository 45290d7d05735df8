//! SNS of the local AWS: standard topics over the Query protocol, with `sqs`, `email`, `http` and `https` subscriptions, and the mailbox.
//!
//! [`protocol`] reads and writes the wire and calls the operations; [`Sns`] also serves Rust callers without the wire.
//! [`Mailbox`] keeps every email that was delivered. [`permissions`] says what each operation needs. Invariant: a publish and
//! all deliveries that follow from it are one transaction, also those into the tables of SQS, which lie in the same store.
//!
//! Imports `cloud-wire`, `cloud-store`, `cloud-iam`, `cloud-filter-policy` and `cloud-sqs` of the workspace.

mod delivery_policy;
mod direct;
mod email;
mod endpoint_url;
mod envelope;
mod error;
mod filtering;
mod mailbox;
mod message;
mod message_attributes;
pub mod permissions;
pub mod protocol;
mod publish;
mod queue_delivery;
mod redrive_policy;
mod request;
mod schema;
mod service;
mod signature;
mod signed_message;
mod subscription;
mod subscription_attributes;
mod subscription_ops;
mod tags;
#[cfg(test)]
mod tests;
mod topic;
mod topic_attributes;
mod topic_ops;
mod topic_policy;
mod webhook;

pub use error::SnsError;
pub use mailbox::{Mailbox, StoredMail};
pub use schema::MIGRATIONS;
pub use service::{Sns, SnsConfig};
pub use subscription::SubscriptionState;
