//! The processes of a function that wait for work.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::process::Process;

/// Idle processes, the one used last on top: the others can cool down.
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

    /// Keeps a process; after [`close`](Self::close) it ends instead.
    pub(crate) fn put(&self, process: Process) {
        if let Some(stack) = self.lock().as_mut() {
            stack.push(process);
        }
    }

    /// Gives all processes away, and keeps none from now on.
    pub(crate) fn close(&self) -> Vec<Process> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Process>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
