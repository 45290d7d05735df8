//! A function's process: started in a group of its own, watched, and killed as a group.

mod reaper;

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use cloud_faults::{Kill, wait_for_kill};
use tokio::sync::{oneshot, watch};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::environment::build_environment;
use crate::error::InvokeError;
use crate::invocation::{Answer, Invocation};
use crate::runtime_api::{Event, RuntimeApi};
use crate::settings::FunctionSettings;
use reaper::DesiredState;

/// How long a process may take until it asks for its first work, as on AWS.
const INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(10);

/// A running process; it is killed with its whole group when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    runtime_api: RuntimeApi,
    desired_state: watch::Sender<DesiredState>,
    exited: watch::Receiver<Option<String>>,
    /// Whether it has taken an invocation before.
    proven: bool,
}

/// Why an invocation gave no result, and what that says about the process.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The process never took the payload: another one may be given it.
    BeforeWork(InvokeError),
    /// The function answered with an error; the process goes on.
    Answered(InvokeError),
    /// The process died of it, or has to.
    Died(InvokeError),
}

impl Process {
    /// Starts a process; `reapers` waits for its end.
    pub(crate) async fn spawn(
        settings: &FunctionSettings,
        reapers: &TaskTracker,
    ) -> Result<Self, InvokeError> {
        let runtime_api = RuntimeApi::start(&settings.arn)
            .await
            .map_err(|error| InvokeError::Spawn(format!("no port for its runtime API: {error}")))?;
        let command = settings.launcher.command(&settings.binary);
        let mut child = tokio::process::Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            .envs(build_environment(settings, runtime_api.address()))
            // A pipe that we hold: its end of file tells the child that we are gone, however that came about.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C reaches the terminal's foreground group: the children are ours to stop.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| InvokeError::Spawn(format!("{}: {error}", command.program.display())))?;
        if let Some(output) = child.stdout.take() {
            tokio::spawn(settings.log.clone().copy(output));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(settings.log.clone().copy(output));
        }
        let (desired_state, desired_states) = watch::channel(DesiredState::Running);
        let (exit, exited) = watch::channel(None);
        reapers.spawn(reaper::reap(child, desired_states, exit));
        Ok(Self {
            runtime_api,
            desired_state,
            exited,
            proven: false,
        })
    }

    pub(crate) fn is_running(&self) -> bool {
        self.exited.borrow().is_none()
    }

    /// Whether it has taken an invocation before.
    pub(crate) fn is_proven(&self) -> bool {
        self.proven
    }

    /// Waits until the process asks for work.
    pub(crate) async fn initialized(&self) -> Result<(), InvokeError> {
        let ready = async {
            tokio::select! {
                event = self.runtime_api.slot().initialization() => match event {
                    Event::Ready => Ok(()),
                    Event::Failed(body) => Err(InvokeError::Init(body)),
                },
                status = self.exit() => Err(InvokeError::Exited(status)),
            }
        };
        tokio::time::timeout(INITIALIZATION_TIMEOUT, ready)
            .await
            .unwrap_or(Err(InvokeError::TimedOut(INITIALIZATION_TIMEOUT)))
    }

    /// Hands the process a payload and waits for its answer; the timeout counts from when it took the payload, and so
    /// does its appointed end, if it has one.
    pub(crate) async fn invoke(
        &mut self,
        payload: Bytes,
        timeout: Duration,
        kill: Option<&Kill>,
    ) -> Result<Bytes, Failure> {
        let (taken, was_taken) = oneshot::channel();
        let (answer, mut answered) = oneshot::channel();
        let invocation = Invocation {
            request_id: Uuid::new_v4(),
            payload,
            timeout,
            taken,
            answer,
        };
        self.runtime_api.slot().put(invocation);
        self.initialized().await.map_err(Failure::BeforeWork)?;
        tokio::select! {
            biased;
            _ = was_taken => {}
            status = self.exit() => return Err(Failure::BeforeWork(InvokeError::Exited(status))),
            () = tokio::time::sleep(INITIALIZATION_TIMEOUT) => {
                return Err(Failure::Died(InvokeError::TimedOut(INITIALIZATION_TIMEOUT)));
            }
        }
        self.proven = true;
        tokio::select! {
            // A process may answer and exit at once: the answer counts.
            biased;
            answer = &mut answered => match answer {
                Ok(Answer::Response(body)) => Ok(body),
                Ok(Answer::Error(body)) => Err(Failure::Answered(InvokeError::Function(body))),
                // The slot holds the sender for as long as the process lives.
                Err(_) => Err(Failure::Died(InvokeError::Exited("the answer was lost".to_owned()))),
            },
            status = self.exit() => Err(Failure::Died(InvokeError::Exited(status))),
            () = tokio::time::sleep(timeout) => Err(Failure::Died(InvokeError::TimedOut(timeout))),
            () = wait_for_kill(kill) => Err(Failure::Died(InvokeError::Exited("killed on purpose".to_owned()))),
        }
    }

    /// Asks the process to end: its input closes, and its group is sent SIGTERM.
    pub(crate) fn terminate(&self) {
        self.desired_state.send_replace(DesiredState::Ended);
    }

    /// Waits for the process's end; says how it ended.
    pub(crate) async fn exit(&self) -> String {
        let mut exited = self.exited.clone();
        match exited.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "its watcher ended".to_owned(),
        }
    }
}
