//! The data directory of a local cloud: its lock, and the files that other programs read.
//!
//! The local cloud holds a [`DataDir`]. Other programs read [`Endpoints`], its addresses, and [`Outputs`], the outputs of its
//! stack. Invariants: one process holds a directory, by a lock that the system releases with the
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
