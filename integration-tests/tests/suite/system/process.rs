//! The operator's command, and processes by their ids.

use std::process::Command;

/// The operator's command.
const PROGRAM: &str = env!("CARGO_BIN_EXE_orders-under-test");

/// The operator's command in an environment that says nothing of a system of this machine.
pub(crate) fn orderctl() -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .env_remove("ORDERS_API_URL")
        .env("NO_COLOR", "1")
        // Not into the state directory of whoever runs the tests, and not where another user's may lie.
        .env(
            "ORDERS_AUDIT_LOG",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/orders-suite-audit.jsonl"),
        );
    if super::Target::get().is_local() {
        command.env_remove("ORDERS_TARGET").env_remove("AWS_ENDPOINT_URL");
    }
    command
}

/// Sends a signal by the system's own command: the standard library has none for others than SIGKILL.
pub(crate) fn signal(name: &str, process_id: u32) {
    let status = Command::new("kill")
        .args([format!("-{name}"), process_id.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// The processes that a process started.
pub(crate) fn children_of(process_id: u32) -> Vec<u32> {
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let pairs = text.lines().map(|line| {
        line.split_whitespace()
            .map(|number| number.parse::<u32>().unwrap())
    });
    let pairs = pairs.map(|mut numbers| (numbers.next().unwrap(), numbers.next().unwrap()));
    pairs
        .filter(|(_, parent)| *parent == process_id)
        .map(|(child, _)| child)
        .collect()
}

/// Whether a process still runs (one that only waits to be reaped does not).
pub(crate) fn is_alive(process_id: u32) -> bool {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &process_id.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}
