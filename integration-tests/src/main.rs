//! The operator's command as a program of this package, so that `cargo test` always builds the command that the tests run.

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::time::Duration;

/// With this variable the functions panic again and again, beside their work. No input makes them panic.
const PANICS: &str = "ORDERS_UNDER_TEST_PANICS";

fn main() -> ExitCode {
    if std::env::var_os(PANICS).is_some() {
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_millis(10));
                // The panic is caught, as that of one message is.
                let _ = catch_unwind(|| panic!("as the test asks"));
            }
        });
    }
    orderctl::run()
}
