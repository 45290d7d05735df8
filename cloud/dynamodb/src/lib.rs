//! DynamoDB of the local AWS: the engine dynoxide in this process, called through its typed API. Nothing listens on a port.
//!
//! [`DynamoDb`] serves calls and brings tables to what a template says. [`permissions`] says what each operation needs; a
//! `PartiQL` statement needs the permission of its kind, and one that is not understood is not done. `engine` owns the
//! thread that all SQLite work runs on, and opens the database again after a panic. `request` and `operation` turn bytes
//! into typed calls and back.
//!
//! Imports `cloud-billing`, `cloud-wire` and `cloud-iam` of the workspace, and from `cloud-store` where a database lies and what its commits
//! survive.

mod answer;
mod arns;
mod batch;
mod bounds;
mod capacity;
mod converge;
mod engine;
mod group;
mod items;
mod operation;
mod partiql;
pub mod permissions;
mod request;
pub mod schema;
mod service;
mod source;
#[cfg(test)]
mod tests;

pub use batch::statement_error;
pub use converge::ConvergeError;
pub use service::{DynamoDb, DynamoDbError};
