//! Killing a process and its children.

use std::process::Stdio;

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

/// Kills a process and its children by SIGKILL.
///
/// The children must be killed too: each function has a process group of its own, and would end in an orderly way when its
/// standard input ends. The parent is stopped first, so that it starts no child and reaps none while the children are
/// listed. The process ids therefore stay valid.
pub(super) async fn kill_with_children(parent: u32) -> anyhow::Result<()> {
    send_signal(parent, Signal::STOP)?;
    let children = list_children(parent).await;
    for child in children.iter().flatten() {
        send_signal(*child, Signal::KILL)?;
    }
    send_signal(parent, Signal::KILL)?;
    children.map(drop)
}

/// Sends a signal. It is no error if the process does not exist any more.
fn send_signal(id: u32, signal: Signal) -> anyhow::Result<()> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    let pid = pid.with_context(|| format!("{id} is no id of a process"))?;
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("process {id} cannot be signalled")),
    }
}

async fn list_children(parent: u32) -> anyhow::Result<Vec<u32>> {
    let mut ps = Command::new("ps");
    ps.args(["-A", "-o", "ppid=,pid="]).stderr(Stdio::null());
    let listed = ps.output().await.context("`ps` cannot be started")?;
    anyhow::ensure!(listed.status.success(), "`ps` cannot list the processes");
    Ok(parse_children(&String::from_utf8_lossy(&listed.stdout), parent))
}

/// Parses lines of parent id and process id, and returns the ids of the children.
fn parse_children(listed: &str, parent: u32) -> Vec<u32> {
    let pairs = listed.lines().filter_map(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    pairs
        .filter(|(of, _)| *of == parent)
        .map(|(_, child)| child)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

    use super::*;

    #[test]
    fn only_the_children_are_listed() {
        assert_eq!(
            parse_children("    1     7\n   10    70\n    1    71\n", 1),
            [7, 71]
        );
    }

    #[tokio::test]
    async fn no_child_outlives_it() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 1000 & echo started; wait"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut output = BufReader::new(shell.stdout.take().unwrap());
        output.read_line(&mut String::new()).await.unwrap();
        kill_with_children(shell.id().unwrap()).await.unwrap();
        assert!(!shell.wait().await.unwrap().success());
        // Both processes hold the pipe: it ends with the last of them.
        let mut rest = Vec::new();
        let end = tokio::time::timeout(Duration::from_mins(1), output.read_to_end(&mut rest));
        assert_eq!(end.await.unwrap().unwrap(), 0);
    }
}
