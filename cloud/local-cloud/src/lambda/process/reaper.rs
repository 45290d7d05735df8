//! Waiting for a child's end, and bringing it about.

use std::io;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use tokio::sync::watch;

/// What is wished of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To work.
    Run,
    /// To end by itself.
    Terminate,
}

/// Waits for the child, which is killed when the sender of wishes is dropped, and tells how it ended.
///
/// Only this task waits for the child, so that its process id cannot have been reused when its group is signalled.
pub(super) async fn reap(
    mut child: Child,
    mut wishes: watch::Receiver<Wish>,
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
            changed = wishes.changed() => {
                if changed.is_err() {
                    signal(group, Signal::KILL);
                    break child.wait().await;
                }
                if *wishes.borrow_and_update() == Wish::Terminate {
                    drop(input.take());
                    signal(group, Signal::TERM);
                }
            }
        }
    };
    exited.send_replace(Some(describe(status)));
}

fn signal(group: Option<Pid>, signal: Signal) {
    // A group that is already gone is what was wished for.
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, signal)
    {
        tracing::debug!(%error, "a process group was not signalled");
    }
}

fn describe(status: io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}
