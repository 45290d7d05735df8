//! Finds the program of a function.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::task::Task;

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The path of the program.
    pub program: PathBuf,
    /// The arguments of the program.
    pub arguments: Vec<OsString>,
}

/// The program of a function, by which it runs.
#[derive(Clone, Debug)]
pub enum Program {
    /// A child process for each execution environment.
    Command(Command),
    /// A thread of this program for each execution environment.
    Task(Task),
}

impl From<Command> for Program {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
}

/// Finds the program that runs a function, by the name of its binary (for example `order-api`).
#[derive(Clone)]
pub struct Launcher(Arc<dyn Fn(&str) -> Program + Send + Sync>);

impl Launcher {
    /// Creates a launcher that calls `find`.
    pub fn new<P: Into<Program>>(find: impl Fn(&str) -> P + Send + Sync + 'static) -> Self {
        Self(Arc::new(move |binary| find(binary).into()))
    }

    /// Returns the program of a binary.
    #[must_use]
    pub fn program(&self, binary: &str) -> Program {
        (self.0)(binary)
    }
}

impl fmt::Debug for Launcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Launcher")
    }
}
