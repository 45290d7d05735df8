//! The idle processes of a function.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::process::Process;

/// A stack of idle processes. The process used last is on top, so that the others stay unused when the load
/// is low.
#[derive(Debug)]
pub(crate) struct IdleProcesses(Mutex<Option<Vec<Process>>>);

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
        while let Some(process) = stack.pop() {
            if process.is_running() {
                return Some(process);
            }
        }
        None
    }

    /// Adds a process. After [`close`](Self::close) the process ends instead.
    pub(crate) fn put(&self, process: Process) {
        if let Some(stack) = self.lock().as_mut() {
            stack.push(process);
        }
    }

    /// Returns all processes. Processes that are added later end at once.
    pub(crate) fn close(&self) -> Vec<Process> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Process>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
