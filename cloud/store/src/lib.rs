//! Durable state of the local AWS: one SQLite database in WAL mode, and one thread that writes to it.
//!
//! [`Store`] groups the jobs that wait into one commit, [`Tx`] is a job's view of its transaction. Each service brings
//! its own tables and their migrations as SQL texts; the store applies them and knows none of them. Invariants: an
//! answer is given after the commit of what it promises, and a job that fails or panics changes nothing.
//!
//! Imports no other crate of the workspace.

mod checkpoint;
mod error;
mod health;
mod location;
mod reserve;
mod schema;
mod store;
#[cfg(test)]
mod tests;
mod tx;
mod upgrade;
mod writer;

pub use error::StoreError;
pub use health::FailedCommit;
pub use location::{Durability, Location};
pub use store::Store;
pub use tx::Tx;
pub use upgrade::{Cancellation, SchemaAge, examine, keep_copy};
