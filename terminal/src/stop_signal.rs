//! The signals that ask a program to stop.

use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::NOT_AS_ASKED;

/// The number of [`StopSignal`]s that exist.
static LISTENING: AtomicUsize = AtomicUsize::new(0);

/// SIGINT (Ctrl-C), SIGTERM and SIGHUP (the terminal was closed). While this exists, none of them ends the process by
/// itself. SIGHUP stays ignored if it is, as `nohup` asks.
#[derive(Debug)]
pub struct StopSignal {
    signals: Signals,
}

#[derive(Debug)]
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
}

impl StopSignal {
    /// Begins to listen.
    pub fn listen() -> io::Result<Self> {
        let signals = Signals::listen()?;
        LISTENING.fetch_add(1, Ordering::Relaxed);
        Ok(Self { signals })
    }

    /// Waits for the next signal.
    pub async fn received(&mut self) {
        self.signals.received().await;
    }
}

impl Drop for StopSignal {
    fn drop(&mut self) {
        LISTENING.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Signals {
    fn listen() -> io::Result<Self> {
        let hang_up = if is_hang_up_ignored() {
            None
        } else {
            Some(signal(SignalKind::hangup())?)
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up,
        })
    }

    async fn received(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
        }
    }
}

/// Runs a command. A signal that no [`StopSignal`] handles ends it with code 1.
///
/// Tokio never gives a signal back to the operating system: without this, a signal after the end of the last
/// [`StopSignal`] would be lost.
pub async fn run_until_stopped(
    command: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen()?;
    let unhandled = async {
        loop {
            signals.received().await;
            if LISTENING.load(Ordering::Relaxed) == 0 {
                return;
            }
        }
    };
    tokio::select! {
        result = command => result,
        () = unhandled => Ok(ExitCode::from(NOT_AS_ASKED)),
    }
}

/// Whether this process was started with SIGHUP ignored. Where the operating system has no such file, it counts as not
/// ignored.
fn is_hang_up_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_hang_up_in_mask(&status)
}

/// Reads the line `SigIgn` of `/proc/PID/status`, whose lowest bit is signal 1. Source: `proc_pid_status(5)`.
fn is_hang_up_in_mask(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_told_by_the_mask_of_ignored_signals() {
        assert!(is_hang_up_in_mask(
            "Name:\tx\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"
        ));
        assert!(!is_hang_up_in_mask("SigIgn:\t0000000000001000\n"));
        assert!(!is_hang_up_in_mask(""));
    }
}
