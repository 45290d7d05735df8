//! The idle processes of a function.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::process::Process;

/// How long processes live.
///
/// AWS ends an execution environment that is idle for some minutes, and every one after some hours, "even for functions
/// that are invoked continuously". Source: Lambda Developer Guide, "Understanding the Lambda execution environment
/// lifecycle". It documents no numbers; these are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessLifetime {
    /// A process that has been idle for so long is ended.
    pub idle: Duration,
    /// A process that started so long ago is ended when it is idle.
    pub total: Duration,
}

impl Default for ProcessLifetime {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(10),
            total: Duration::from_hours(4),
        }
    }
}

/// A stack of idle processes. The process used last is on top, so that the others stay unused when the load
/// is low.
#[derive(Debug)]
pub(crate) struct IdleProcesses(Mutex<Option<Vec<Idle>>>);

#[derive(Debug)]
struct Idle {
    process: Process,
    since: Instant,
}

impl Default for IdleProcesses {
    fn default() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }
}

impl IdleProcesses {
    /// Takes the process that was used last and still runs.
    pub(crate) fn take(&self) -> Option<Process> {
        let mut idle = self.lock();
        let stack = idle.as_mut()?;
        while let Some(Idle { process, .. }) = stack.pop() {
            if process.is_running() {
                return Some(process);
            }
        }
        None
    }

    /// Adds a process. After [`close`](Self::close) the process ends instead.
    pub(crate) fn put(&self, process: Process) {
        if let Some(stack) = self.lock().as_mut() {
            let since = Instant::now();
            stack.push(Idle { process, since });
        }
    }

    /// Removes and returns the processes whose lifetime has ended, and those that have ended by themselves.
    pub(crate) fn take_expired(&self, lifetime: ProcessLifetime) -> Vec<Process> {
        let mut idle = self.lock();
        let Some(stack) = idle.as_mut() else {
            return Vec::new();
        };
        let expired = |idle: &mut Idle| {
            idle.since.elapsed() >= lifetime.idle
                || idle.process.age() >= lifetime.total
                || !idle.process.is_running()
        };
        stack.extract_if(.., expired).map(|idle| idle.process).collect()
    }

    /// The number of processes.
    pub(crate) fn len(&self) -> usize {
        self.lock().as_ref().map_or(0, Vec::len)
    }

    /// Returns all processes. Processes that are added later end at once.
    pub(crate) fn close(&self) -> Vec<Process> {
        let stack = self.lock().take().unwrap_or_default();
        stack.into_iter().map(|idle| idle.process).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
