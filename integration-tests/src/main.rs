//! The operator's command under a name of its own, so that `cargo test` has always built what the suite drives.

use std::process::ExitCode;

fn main() -> ExitCode {
    orderctl::run()
}
