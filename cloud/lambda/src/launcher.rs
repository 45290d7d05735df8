//! How a function's program is started.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program's path.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// Finds the command that runs a function, by the name of its binary (`order-api`).
#[derive(Clone)]
pub struct Launcher(Arc<dyn Fn(&str) -> Command + Send + Sync>);

impl Launcher {
    /// A launcher that asks `find`.
    pub fn new(find: impl Fn(&str) -> Command + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// The command of a binary.
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
