//! Processes by their ids.

use std::io;
use std::process::Command;

/// Sends a signal, such as `TERM`, with the `kill` command: the standard library can only send SIGKILL, and only to a
/// child.
///
/// # Errors
///
/// The process does not exist, or the command cannot run.
pub fn signal(name: &str, process_id: u32) -> io::Result<()> {
    let status = Command::new("kill")
        .args([format!("-{name}"), process_id.to_string()])
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "kill -{name} {process_id} ended with {status}"
        )))
    }
}

/// Lists the children of a process.
///
/// # Errors
///
/// The `ps` command cannot run, or its output has another form.
pub fn children_of(process_id: u32) -> io::Result<Vec<u32>> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output()?;
    let mut children = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let numbers: Result<Vec<u32>, _> = line.split_whitespace().map(str::parse).collect();
        match numbers.as_deref() {
            Ok([child, parent]) if *parent == process_id => children.push(*child),
            Ok([_, _]) => {}
            _ => return Err(io::Error::other(format!("ps printed {line:?}"))),
        }
    }
    Ok(children)
}

/// Whether a process runs. A process that has ended and waits for its parent does not.
///
/// # Errors
///
/// The `ps` command cannot run.
pub fn is_alive(process_id: u32) -> io::Result<bool> {
    let output = Command::new("ps")
        .args(["-o", "stat=", "-p", &process_id.to_string()])
        .output()?;
    let state = String::from_utf8_lossy(&output.stdout);
    let state = state.trim();
    Ok(!state.is_empty() && !state.starts_with('Z'))
}
