//! The data directory of a local cloud: who holds it, and what it tells other programs.
//!
//! [`DataDir`] is the holder's side. [`Endpoints`] and [`Outputs`] are what other programs read: where the local cloud answers,
//! and the outputs of its stack. Invariants: one process holds a directory, by a lock that the system releases with the
//! process, and readers see a whole file or none.
//!
//! Imports no other crate of the workspace, so that a program which only connects to a local cloud needs none of its services.

mod data_dir;
mod error;
mod lock;
mod private;

pub use data_dir::{DataDir, Endpoints, OperatorKey, Outputs};
pub use error::DataDirError;
pub use private::create_private_file;
