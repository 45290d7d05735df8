//! Asynchronous invocations of Lambda: events that wait in the store until their function has taken them.
//!
//! [`AsyncInvocations::accept`] adds an event within the transaction of its cause, so both are there after a crash or neither is.
//! `runner` invokes the functions, `retries` decides what follows a failure, and `failure` writes to the failure destinations.
//! Invariant: an event is in the store until its function has succeeded, or until it is in the failure destinations of its
//! function. An event can be delivered more than once.
//!
//! Source: Lambda Developer Guide, "Invoking a Lambda function asynchronously".
//!
//! Imports `cloud-iam`, `cloud-lambda`, `cloud-sqs`, `cloud-store` and `cloud-wire` of the workspace.

mod events;
mod failure;
mod retries;
mod runner;
mod schema;
mod target;
#[cfg(test)]
mod tests;

pub use events::AsyncInvocations;
pub use runner::Runner;
pub use schema::MIGRATIONS;
pub use target::{AsyncSettings, Target};
