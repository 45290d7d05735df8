//! The operator's command as a program of this package, so that `cargo test` always builds the command that the tests run.

use std::process::ExitCode;

fn main() -> ExitCode {
    orderctl::run()
}
