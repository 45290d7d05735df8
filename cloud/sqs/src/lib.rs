//! SQS of the local AWS: standard queues over AWS JSON 1.0 and the Query protocol, on the store.
//!
//! [`protocol`] reads and writes JSON, and [`query_protocol`] turns forms into it and it into XML. They call the operations, one module per family of actions; [`Sqs`] also serves
//! Rust callers, such as SNS and Lambda, without the wire. [`permissions`] says what each operation needs. Invariants:
//! whatever is acknowledged is committed, and whatever time does to a message (visibility timeouts, delays, retention,
//! redrive) happens without a client that polls.
//!
//! Imports `cloud-wire`, `cloud-store` and `cloud-iam` of the workspace.

mod adjustable_limits;
mod attribute_request;
mod digest;
mod direct;
mod error;
mod expiry;
pub mod limits;
mod message;
pub mod name;
mod ops;
pub mod permissions;
pub mod protocol;
pub mod query_protocol;
mod queue;
mod ready;
mod receipt;
mod schema;
mod sender;
mod service;
mod settings;
mod signals;
#[cfg(test)]
mod tests;
mod traffic;

pub use adjustable_limits::AdjustableLimits;
pub use error::SqsError;
pub use message::{AttributeValue, MessageAttribute, NewMessage, ReceivedMessage};
pub use ops::depths::QueueDepth;
pub use schema::MIGRATIONS;
pub use sender::Sender;
pub use service::{Sqs, SqsConfig};
pub use traffic::QueueTraffic;
