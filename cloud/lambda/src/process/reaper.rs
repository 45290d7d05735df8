//! Waits for the end of a child process, and ends it on request.

use std::io;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use tokio::sync::watch;

/// The desired state of a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DesiredState {
    /// The child runs.
    Running,
    /// The child ends by itself.
    Ended,
}

/// Waits for the child and publishes how it ended. Kills the child when the sender of its desired state is dropped.
///
/// Only this task waits for the child. So the process id cannot belong to another process when this task
/// signals the process group.
pub(super) async fn reap(
    mut child: Child,
    mut desired_states: watch::Receiver<DesiredState>,
    exited: watch::Sender<Option<String>>,
) {
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    let mut input = child.stdin.take();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            changed = desired_states.changed() => {
                if changed.is_err() {
                    signal(group, Signal::KILL);
                    break child.wait().await;
                }
                if *desired_states.borrow_and_update() == DesiredState::Ended {
                    drop(input.take());
                    signal(group, Signal::TERM);
                }
            }
        }
    };
    exited.send_replace(Some(describe(status)));
}

fn signal(group: Option<Pid>, signal: Signal) {
    // An error means that the process group has ended already.
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, signal)
    {
        tracing::debug!(%error, "a process group could not be signalled");
    }
}

fn describe(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}
