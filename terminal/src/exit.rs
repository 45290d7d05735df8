//! The exit codes of the command, and the errors that have a code of their own.

use std::process::ExitCode;

/// The code of a command whose result is not what was asked for.
pub const NOT_AS_ASKED: u8 = 1;
/// The code of wrong usage. Clap ends with it too.
pub const USAGE: u8 = 2;
/// The code of a command that cannot reach the system.
pub const UNREACHABLE: u8 = 3;

/// Wrong usage that is known only after the arguments were parsed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The system cannot be reached: it does not run, or does not answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnreachableError(pub String);

/// Returns `Ok` if the result is what was asked for, else the code 1.
#[must_use]
pub fn code(is_as_asked: bool) -> ExitCode {
    if is_as_asked {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_AS_ASKED)
    }
}
