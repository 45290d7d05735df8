//! The execution environment of a function: a process in its own process group, which is killed as a whole, or a thread.

mod reaper;
mod thread;

use std::process::Stdio;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use cloud_billing::logs::InvocationStatus;
use cloud_billing::{Meter, Source, lambda};
use cloud_faults::{Kill, wait_for_kill};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::environment::build_environment;
use crate::error::InvokeError;
use crate::invocation::{Answer, Invocation};
use crate::launcher::{Command, Program};
use crate::logs::LogSink;
use crate::runtime_api::{Event, InvocationSlot, RuntimeApi};
use crate::settings::FunctionSettings;
use crate::task::{Task, TaskContext};
use reaper::DesiredState;

/// How long a process may take until its first request for work, as on AWS.
const INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the last output of a process may take.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

/// A running process. Dropping it kills its whole process group.
#[derive(Debug)]
pub(crate) struct Process {
    slot: Arc<InvocationSlot>,
    /// Serves the slot to a child process.
    _runtime_api: Option<RuntimeApi>,
    desired_state: watch::Sender<DesiredState>,
    exited: watch::Receiver<Option<String>>,
    /// The tasks that copy its output.
    outputs: TaskTracker,
    /// True if the process has taken an invocation before.
    proven: bool,
    started: Instant,
    bill: Bill,
}

/// Counts what AWS bills for a process.
#[derive(Debug)]
struct Bill {
    meter: Meter,
    function: String,
    memory_megabytes: u32,
    log: LogSink,
    /// Set once the start is counted.
    start: OnceLock<()>,
}

impl Bill {
    /// Counts the start of the process, once.
    fn start(&self, took: Duration) {
        self.start.get_or_init(|| {
            self.meter.add(
                &Source::Function(&self.function),
                lambda::start(took, self.memory_megabytes),
            );
        });
    }

    fn invocation(&self, took: Duration, status: InvocationStatus) {
        self.meter.add(
            &Source::Function(&self.function),
            lambda::invocation(took, self.memory_megabytes),
        );
        self.log.bill_invocation(status);
    }
}

/// The reason why an invocation has no result, and the state of the process after it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The process did not take the payload. Another process may get it.
    BeforeWork(InvokeError),
    /// The caller had gone before the process took the payload. The process continues.
    Abandoned,
    /// The function returned an error. The process continues.
    Answered(InvokeError),
    /// The process ended, or must be killed.
    Died(InvokeError),
}

impl Process {
    /// Starts a process or a thread. A task in `reapers` waits for its end.
    pub(crate) async fn spawn(
        settings: &FunctionSettings,
        reapers: &TaskTracker,
    ) -> Result<Self, InvokeError> {
        match settings.launcher.program(&settings.binary) {
            Program::Command(command) => Self::spawn_child(settings, reapers, &command).await,
            Program::Task(task) => Self::spawn_thread(settings, reapers, task),
        }
    }

    async fn spawn_child(
        settings: &FunctionSettings,
        reapers: &TaskTracker,
        command: &Command,
    ) -> Result<Self, InvokeError> {
        let runtime_api = RuntimeApi::start(&settings.arn)
            .await
            .map_err(|error| InvokeError::Spawn(format!("its Runtime API could not listen: {error}")))?;
        let mut child = tokio::process::Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            .envs(build_environment(settings, Some(runtime_api.address())))
            // The child reads end of file from this pipe when this program ends, for whatever reason.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C signals the foreground process group of the terminal. The children are in other groups,
            // so this program stops them itself.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| InvokeError::Spawn(format!("{}: {error}", command.program.display())))?;
        let outputs = TaskTracker::new();
        if let Some(output) = child.stdout.take() {
            outputs.spawn(settings.log.clone().copy(output));
        }
        if let Some(output) = child.stderr.take() {
            outputs.spawn(settings.log.clone().copy(output));
        }
        let (desired_state, desired_states) = watch::channel(DesiredState::Running);
        let (exit, exited) = watch::channel(None);
        reapers.spawn(reaper::reap(child, desired_states, exit));
        let slot = runtime_api.slot().clone();
        Ok(Self::new(
            settings,
            slot,
            Some(runtime_api),
            desired_state,
            exited,
            outputs,
        ))
    }

    fn spawn_thread(
        settings: &FunctionSettings,
        reapers: &TaskTracker,
        task: Task,
    ) -> Result<Self, InvokeError> {
        let slot = Arc::new(InvocationSlot::default());
        let context = TaskContext {
            environment: build_environment(settings, None),
            log: settings.log.clone(),
            aws: settings.aws.clone(),
            slot: slot.clone(),
        };
        let (desired_state, desired_states) = watch::channel(DesiredState::Running);
        let (exit, exited) = watch::channel(None);
        let ended = thread::start(&settings.name, task, context, desired_states, exit)
            .map_err(|error| InvokeError::Spawn(format!("its thread could not start: {error}")))?;
        reapers.spawn(ended);
        Ok(Self::new(
            settings,
            slot,
            None,
            desired_state,
            exited,
            TaskTracker::new(),
        ))
    }

    fn new(
        settings: &FunctionSettings,
        slot: Arc<InvocationSlot>,
        runtime_api: Option<RuntimeApi>,
        desired_state: watch::Sender<DesiredState>,
        exited: watch::Receiver<Option<String>>,
        outputs: TaskTracker,
    ) -> Self {
        outputs.close();
        Self {
            slot,
            _runtime_api: runtime_api,
            desired_state,
            exited,
            outputs,
            proven: false,
            started: Instant::now(),
            bill: Bill {
                meter: settings.meter.clone(),
                function: settings.name.clone(),
                memory_megabytes: settings.memory_megabytes,
                log: settings.log.clone(),
                start: OnceLock::new(),
            },
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.exited.borrow().is_none()
    }

    /// Returns the time since its start.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns true if the process has taken an invocation before.
    pub(crate) fn is_proven(&self) -> bool {
        self.proven
    }

    /// Waits until the process asks for work.
    pub(crate) async fn initialized(&self) -> Result<(), InvokeError> {
        let ready = async {
            tokio::select! {
                event = self.slot.initialization() => match event {
                    Event::Ready => Ok(()),
                    Event::Failed(body) => Err(InvokeError::Init(body)),
                },
                status = self.exit() => Err(InvokeError::Exited(status)),
            }
        };
        let started = tokio::time::timeout(INITIALIZATION_TIMEOUT, ready)
            .await
            .unwrap_or(Err(InvokeError::TimedOut(INITIALIZATION_TIMEOUT)));
        // A process that took work before is ready at once, and its start is counted.
        self.bill.start(self.started.elapsed());
        started
    }

    /// Gives the process a payload and waits for its answer. The timeout starts when the process takes the
    /// payload. So does the time until an injected kill, if there is one. When `caller` is cancelled before that, the
    /// payload is taken back.
    pub(crate) async fn invoke(
        &mut self,
        payload: Bytes,
        timeout: Duration,
        kill: Option<&Kill>,
        caller: &CancellationToken,
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
        self.slot.put(invocation);
        tokio::select! {
            biased;
            taken = self.taken(was_taken) => taken?,
            () = caller.cancelled() => if self.slot.retract() {
                return Err(Failure::Abandoned);
            },
        }
        self.proven = true;
        let began = Instant::now();
        let result = tokio::select! {
            // A process may answer and exit at once. Then its answer counts.
            biased;
            answer = &mut answered => match answer {
                Ok(Answer::Response(body)) => Ok(body),
                Ok(Answer::Error(body)) => Err(Failure::Answered(InvokeError::Function(body))),
                // This cannot happen while the process runs, because the slot holds the sender.
                Err(_) => Err(Failure::Died(InvokeError::Exited("the answer was lost".to_owned()))),
            },
            status = self.exit() => Err(Failure::Died(InvokeError::Exited(status))),
            () = tokio::time::sleep(timeout) => Err(Failure::Died(InvokeError::TimedOut(timeout))),
            () = wait_for_kill(kill) => Err(Failure::Died(InvokeError::Exited("killed on purpose".to_owned()))),
        };
        let status = if result.is_ok() {
            InvocationStatus::Success
        } else {
            InvocationStatus::Failure
        };
        self.bill.invocation(began.elapsed(), status);
        result
    }

    /// Waits until the process has taken a payload.
    async fn taken(&self, was_taken: oneshot::Receiver<()>) -> Result<(), Failure> {
        self.initialized().await.map_err(Failure::BeforeWork)?;
        tokio::select! {
            biased;
            _ = was_taken => Ok(()),
            status = self.exit() => Err(Failure::BeforeWork(InvokeError::Exited(status))),
            () = tokio::time::sleep(INITIALIZATION_TIMEOUT) => {
                Err(Failure::Died(InvokeError::TimedOut(INITIALIZATION_TIMEOUT)))
            }
        }
    }

    /// Waits a moment until all output of a process that ended is in its log.
    pub(crate) async fn output_ended(&self) {
        // A process that it started may hold the pipes open.
        tokio::time::timeout(OUTPUT_GRACE, self.outputs.wait()).await.ok();
    }

    /// Asks the process to end: closes its standard input and sends SIGTERM to its process group.
    pub(crate) fn terminate(&self) {
        self.desired_state.send_replace(DesiredState::Ended);
    }

    /// Waits until the process ends, and returns its exit status as text.
    pub(crate) async fn exit(&self) -> String {
        let mut exited = self.exited.clone();
        match exited.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "exit status unknown".to_owned(),
        }
    }
}
