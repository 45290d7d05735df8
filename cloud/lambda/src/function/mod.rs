//! A function: its processes and the number of concurrent invocations.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::InvokeError;
use crate::idle::IdleProcesses;
use crate::invocation::MAX_PAYLOAD_BYTES;
use crate::process::{Failure, Process};
use crate::restart::Restart;
use crate::settings::FunctionSettings;

/// How long a process may take to end after SIGTERM when the system stops.
const TERMINATION_GRACE: Duration = Duration::from_millis(300);
/// Longest time between two searches for processes that have been idle for too long.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// A function that can be invoked. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Function(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: FunctionSettings,
    permits: Semaphore,
    idle: IdleProcesses,
    restart: Restart,
    invocations: TaskTracker,
    reapers: TaskTracker,
    /// Cancels the invocations that still run at the end of a stop's grace time.
    killed: CancellationToken,
}

impl Function {
    /// Creates a function without processes. The first invocation starts one.
    #[must_use]
    pub fn new(settings: FunctionSettings) -> Self {
        let inner = Arc::new(Inner {
            permits: Semaphore::new(settings.concurrency.max(1)),
            settings,
            idle: IdleProcesses::default(),
            restart: Restart::default(),
            invocations: TaskTracker::new(),
            reapers: TaskTracker::new(),
            killed: CancellationToken::new(),
        });
        tokio::spawn(end_expired(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// Returns the settings.
    #[must_use]
    pub fn settings(&self) -> &FunctionSettings {
        &self.0.settings
    }

    /// Invokes the function and waits for its result. At most `concurrency` invocations run at the same time;
    /// the others wait.
    ///
    /// If the caller stops waiting, the invocation continues, as on AWS.
    pub async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(InvokeError::PayloadTooLarge(payload.len()));
        }
        let inner = self.0.clone();
        let invocation = self.0.invocations.spawn(async move {
            let killed = inner.killed.clone();
            killed
                .run_until_cancelled(inner.run(payload))
                .await
                .unwrap_or(Err(InvokeError::Stopping))
        });
        invocation.await.unwrap_or(Err(InvokeError::Stopping))
    }

    /// Starts a process before the first invocation.
    pub async fn warm(&self) -> Result<(), InvokeError> {
        let inner = &self.0;
        let _permit = inner.permits.acquire().await.map_err(|_| InvokeError::Stopping)?;
        let started = async {
            let process = Process::spawn(&inner.settings, &inner.reapers).await?;
            process.initialized().await?;
            Ok(process)
        };
        let process = started
            .await
            .inspect_err(|error: &InvokeError| inner.restart.failed(error))?;
        inner.keep(process);
        Ok(())
    }

    /// Returns why the last process could not start, unless one has started since.
    #[must_use]
    pub fn start_failure(&self) -> Option<String> {
        self.0.restart.reason()
    }

    /// Returns the number of processes that wait for work.
    #[must_use]
    pub fn idle_processes(&self) -> usize {
        self.0.idle.len()
    }

    /// Refuses new invocations, lets running ones finish within `grace` and then kills them. When it returns,
    /// every process has ended and has been waited for.
    pub async fn stop(&self, grace: Duration) {
        let inner = &self.0;
        inner.permits.close();
        inner.invocations.close();
        if tokio::time::timeout(grace, inner.invocations.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                function = inner.settings.name,
                "killing a running invocation because the system stops"
            );
        }
        inner.killed.cancel();
        inner.invocations.wait().await;
        let processes = inner.idle.close();
        for process in &processes {
            process.terminate();
        }
        inner.reapers.close();
        let ended = tokio::time::timeout(TERMINATION_GRACE, inner.reapers.wait()).await;
        // Dropping a process kills its process group.
        drop(processes);
        if ended.is_err() {
            inner.reapers.wait().await;
        }
    }
}

impl Inner {
    async fn run(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let _permit = self.permits.acquire().await.map_err(|_| InvokeError::Stopping)?;
        let kill = self.settings.faults.kill(&self.settings.name);
        loop {
            let mut process = match self.idle.take() {
                Some(process) => process,
                None => self.spawn().await?,
            };
            let was_proven = process.is_proven();
            match process
                .invoke(payload.clone(), self.settings.timeout, kill.as_ref())
                .await
            {
                Ok(response) => {
                    self.keep(process);
                    return Ok(response);
                }
                Err(Failure::Answered(error)) => {
                    self.keep(process);
                    return Err(error);
                }
                // The idle process ended just before this invocation. Try the next process.
                Err(Failure::BeforeWork(InvokeError::Exited(_))) if was_proven => {}
                Err(Failure::BeforeWork(error)) => {
                    self.restart.failed(&error);
                    tracing::warn!(function = self.settings.name, %error, "the function failed to start");
                    return Err(error);
                }
                Err(Failure::Died(error)) => {
                    tracing::warn!(function = self.settings.name, %error, "the function's process ended during an invocation");
                    return Err(error);
                }
            }
        }
    }

    async fn spawn(&self) -> Result<Process, InvokeError> {
        self.restart.due().await;
        Process::spawn(&self.settings, &self.reapers)
            .await
            .inspect_err(|error| {
                self.restart.failed(error);
                tracing::warn!(function = self.settings.name, %error, "the function's process could not be started");
            })
    }

    fn keep(&self, process: Process) {
        self.restart.succeeded();
        if process.age() < self.settings.lifetime.total {
            self.idle.put(process);
        } else {
            // A function that is always busy would never be idle for long enough.
            tokio::spawn(end(process));
        }
    }
}

/// Ends idle processes whose lifetime has ended, until the function is dropped.
async fn end_expired(function: Weak<Inner>) {
    while let Some(inner) = function.upgrade() {
        let lifetime = inner.settings.lifetime;
        for process in inner.idle.take_expired(lifetime) {
            tracing::debug!(function = inner.settings.name, "ending an idle process");
            tokio::spawn(end(process));
        }
        drop(inner);
        tokio::time::sleep(lifetime.idle.min(lifetime.total).min(LOOK_INTERVAL)).await;
    }
}

/// Lets a process end by itself, and kills it if it does not.
async fn end(process: Process) {
    process.terminate();
    // Dropping the process kills its process group.
    let _ended_or_killed = tokio::time::timeout(TERMINATION_GRACE, process.exit()).await;
}

#[cfg(test)]
mod tests;
