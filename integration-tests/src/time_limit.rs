//! A time limit for a test, because `cargo test` has none: a test that hangs must fail.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::process::{children_of, signal};

/// The exit code of a test program with failed tests.
const FAILED: i32 = 101;

/// The time limit of the test that holds it.
///
/// A thread cannot end another thread. When the limit is over, a watchdog therefore names the test on standard error,
/// kills the child processes of the test program, and ends the program as failed. The other tests of the program end with
/// it.
#[derive(Debug)]
pub struct TimeLimit {
    /// The watchdog waits for the end of this sender.
    _running: Sender<()>,
}

impl TimeLimit {
    /// Starts the time limit of the running test. It ends when the value is dropped.
    #[must_use]
    pub fn start(limit: Duration) -> Self {
        let (running, ended) = mpsc::channel::<()>();
        // The test runner names the thread of each test.
        let test = thread::current().name().unwrap_or("a test").to_owned();
        thread::spawn(move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                fail(&test, limit);
            }
        });
        Self { _running: running }
    }
}

/// Ends the test program as failed.
fn fail(test: &str, limit: Duration) -> ! {
    // Not `eprintln!`: the test runner captures that, and prints nothing of it when the program ends here.
    let _ = writeln!(
        std::io::stderr(),
        "\n{test} did not end within {limit:?}: the whole test program ends here"
    );
    // A child that has ended in the meantime needs no signal.
    for child in children_of(std::process::id()).unwrap_or_default() {
        let _ = signal("KILL", child);
    }
    std::process::exit(FAILED);
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::process::is_alive;

    /// Makes `hangs_only_on_request` hang.
    const HANG: &str = "ORDERS_TEST_HANG";

    #[test]
    fn hangs_only_on_request() {
        if std::env::var_os(HANG).is_none() {
            return;
        }
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        println!("child {}", child.id());
        let _limit = TimeLimit::start(Duration::from_millis(200));
        child.wait().unwrap();
        loop {
            thread::park();
        }
    }

    #[test]
    fn a_test_that_hangs_fails_with_its_name_and_leaves_no_process() {
        let _limit = TimeLimit::start(Duration::from_mins(2));
        let test = "time_limit::tests::hangs_only_on_request";
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(HANG, "1")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(FAILED));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            error.contains(&format!("{test} did not end within 200ms")),
            "{error}"
        );
        let printed = String::from_utf8_lossy(&output.stdout);
        let (_, child) = printed.split_once("child ").unwrap();
        let child = child.lines().next().unwrap().parse().unwrap();
        // The signal is sent before the program ends, but the process may need a moment to end.
        while is_alive(child).unwrap() {
            thread::sleep(Duration::from_millis(10));
        }
    }
}
