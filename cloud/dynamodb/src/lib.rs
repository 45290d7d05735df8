//! DynamoDB of the local AWS: dynoxide, embedded, behind a proxy that passes bytes on unchanged.
//!
//! [`DynamoDb`] serves calls and brings tables to what a template says. [`permissions`] says what each operation needs; a
//! `PartiQL` statement needs the permission of its kind, and one that is not understood is not done.
//!
//! Imports `cloud-wire` and `cloud-iam` of the workspace, and from `cloud-store` where a database lies and what its commits
//! survive.

mod batch;
mod converge;
mod partiql;
pub mod permissions;
mod probe;
pub mod schema;
mod server;
mod service;
#[cfg(test)]
mod tests;

pub use batch::statement_error;
pub use converge::ConvergeError;
pub use service::{DynamoDb, DynamoDbError};
