//! A function: its processes and the number of concurrent invocations.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Semaphore, TryAcquireError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::InvokeError;
use crate::idle::IdleProcesses;
use crate::invocation::MAX_PAYLOAD_BYTES;
use crate::metrics;
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
    /// One permit for each invocation that the concurrency limit allows.
    admissions: Arc<Semaphore>,
    /// One permit for each process.
    processes: Semaphore,
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
            admissions: Arc::new(Semaphore::new(settings.concurrency)),
            processes: Semaphore::new(settings.processes.max(1)),
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

    /// Invokes the function and waits for its result. Over the concurrency limit it returns [`InvokeError::Throttled`] at
    /// once, as on AWS.
    ///
    /// If the caller stops waiting before a process has taken the invocation, it is dropped. An invocation that a process
    /// works on continues, as on AWS.
    pub async fn invoke(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        let started = Instant::now();
        let result = self.invoke_uncounted(payload).await;
        metrics::count(&self.0.settings, &result, started.elapsed());
        result
    }

    async fn invoke_uncounted(&self, payload: Bytes) -> Result<Bytes, InvokeError> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(InvokeError::PayloadTooLarge(payload.len()));
        }
        let admission = self.0.admissions.clone().try_acquire_owned();
        let admission = admission.map_err(|error| match error {
            TryAcquireError::NoPermits => InvokeError::Throttled,
            TryAcquireError::Closed => InvokeError::Stopping,
        })?;
        metrics::concurrency(&self.0.settings, self.0.admissions.available_permits());
        let caller = CancellationToken::new();
        let _cancels_when_the_caller_goes = caller.clone().drop_guard();
        let inner = self.0.clone();
        let invocation = self.0.invocations.spawn(async move {
            let _admission = admission;
            let killed = inner.killed.clone();
            killed
                .run_until_cancelled(inner.run(payload, &caller))
                .await
                .unwrap_or(Err(InvokeError::Stopping))
        });
        invocation.await.unwrap_or(Err(InvokeError::Stopping))
    }

    /// Starts a process before the first invocation. After an error the log has what the process wrote.
    pub async fn warm(&self) -> Result<(), InvokeError> {
        let inner = &self.0;
        let _permit = inner
            .processes
            .acquire()
            .await
            .map_err(|_| InvokeError::Stopping)?;
        let started = async {
            let process = Process::spawn(&inner.settings, &inner.reapers).await?;
            if let Err(error) = process.initialized().await {
                process.output_ended().await;
                return Err(error);
            }
            Ok(process)
        };
        let process = started
            .await
            .inspect_err(|error: &InvokeError| inner.restart.failed(error))?;
        inner.keep(process);
        Ok(())
    }

    /// Returns a view of the function that does not keep its processes.
    #[must_use]
    pub fn monitor(&self) -> FunctionMonitor {
        FunctionMonitor(Arc::downgrade(&self.0))
    }

    /// Refuses new invocations, lets running ones finish within `grace` and then kills them. When it returns,
    /// every process has ended and has been waited for.
    pub async fn stop(&self, grace: Duration) {
        let inner = &self.0;
        inner.admissions.close();
        inner.processes.close();
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

/// A view of a function for its health. It keeps no process: they end when the function is dropped.
#[derive(Clone, Debug)]
pub struct FunctionMonitor(Weak<Inner>);

/// The condition that a [`FunctionMonitor`] sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionCondition {
    /// The physical name.
    pub name: String,
    /// The number of processes that wait for work.
    pub idle_processes: usize,
    /// Why the last process could not start, unless one has started since.
    pub start_failure: Option<String>,
}

impl FunctionMonitor {
    /// Returns the condition now. `None` if the function was dropped.
    #[must_use]
    pub fn condition(&self) -> Option<FunctionCondition> {
        let inner = self.0.upgrade()?;
        Some(FunctionCondition {
            name: inner.settings.name.clone(),
            idle_processes: inner.idle.len(),
            start_failure: inner.restart.reason(),
        })
    }
}

impl Inner {
    async fn run(&self, payload: Bytes, caller: &CancellationToken) -> Result<Bytes, InvokeError> {
        let permit = caller.run_until_cancelled(self.processes.acquire()).await;
        let _permit = permit
            .ok_or(InvokeError::Abandoned)?
            .map_err(|_| InvokeError::Stopping)?;
        let kill = self.settings.faults.kill(&self.settings.name);
        loop {
            let mut process = if let Some(process) = self.idle.take() {
                process
            } else {
                let spawned = caller.run_until_cancelled(self.spawn()).await;
                spawned.ok_or(InvokeError::Abandoned)??
            };
            let was_proven = process.is_proven();
            match process
                .invoke(payload.clone(), self.settings.timeout, kill.as_ref(), caller)
                .await
            {
                Ok(response) => {
                    self.keep(process);
                    return Ok(response);
                }
                Err(Failure::Abandoned) => {
                    self.idle.put(process);
                    return Err(InvokeError::Abandoned);
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
mod task_tests;
#[cfg(test)]
mod tests;
