//! Finds the command that starts a function's program.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The path of the program.
    pub program: PathBuf,
    /// The arguments of the program.
    pub arguments: Vec<OsString>,
}

/// Finds the command that runs a function, by the name of its binary (for example `order-api`).
#[derive(Clone)]
pub struct Launcher(Arc<dyn Fn(&str) -> Command + Send + Sync>);

impl Launcher {
    /// Creates a launcher that calls `find`.
    pub fn new(find: impl Fn(&str) -> Command + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// Returns the command of a binary.
    #[must_use]
    pub fn command(&self, binary: &str) -> Command {
        (self.0)(binary)
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Launcher")
    }
}
