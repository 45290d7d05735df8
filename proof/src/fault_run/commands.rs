//! The other commands, started as processes, and the system that `up` runs.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use stack_client::{Connection, Resource, queue};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::alarms::{self, Rung};
use super::processes;
use super::scratch::Scratch;
use crate::faults;

/// The longest time for a start. It takes far less on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// The pause between two checks whether the system is ready.
const READY_PAUSE: Duration = Duration::from_millis(50);
/// How long a load waits for its orders without progress. While the faults last, a message that failed often may be delayed
/// for 15 minutes. After them it is made visible at once.
const SETTLE_SECONDS: &str = "1000";
/// How long `verify` waits for empty queues. The run has already waited for them.
const VERIFY_WAIT_SECONDS: &str = "60";

/// Starts processes of this program.
#[derive(Debug)]
pub(super) struct Commands<'a> {
    program: PathBuf,
    /// The program whose functions run, if it is another one.
    functions: Option<PathBuf>,
    scratch: &'a Scratch,
}

impl<'a> Commands<'a> {
    pub(super) fn new(scratch: &'a Scratch, functions: Option<PathBuf>) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program's own path is not known")?;
        Ok(Self {
            program,
            functions,
            scratch,
        })
    }

    /// A command on the run's own system. `--data-dir` is stronger than URLs in the environment.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_remove("ORDERS_TARGET")
            .arg("--data-dir")
            .arg(self.scratch.file("data"))
            .arg(name)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    fn log(&self, name: &str) -> anyhow::Result<File> {
        let path = self.scratch.file(name);
        let log = OpenOptions::new().create(true).append(true).open(&path);
        log.with_context(|| format!("{} cannot be written", path.display()))
    }

    fn up(&self) -> anyhow::Result<Command> {
        let mut command = self.command("up");
        command
            .args(["--api-port", "0", "--aws-port", "0", "--template"])
            .arg(self.scratch.file("template.yaml"))
            .arg("--ready-file")
            .arg(self.scratch.file("ready.json"))
            .stdout(Stdio::null())
            .stderr(self.log("up.log")?);
        if let Some(functions) = &self.functions {
            command.arg("--functions").arg(functions);
        }
        Ok(command)
    }

    /// Starts a load that adds to the run's journal.
    pub(super) fn load(&self, count: u64, options: &[String]) -> anyhow::Result<Child> {
        let mut command = self.command("load");
        command
            .args(["--count", &count.to_string()])
            .args(["--settle", SETTLE_SECONDS])
            .args(options)
            .args(["--json", "--journal"])
            .arg(self.scratch.journal())
            .stdout(self.log("load.json")?)
            .stderr(self.log("load.log")?);
        command.spawn().context("the load cannot be started")
    }

    /// Replays dead letters.
    pub(super) async fn replay(&self, letters: &[String]) -> anyhow::Result<()> {
        let mut command = self.command("dlq");
        command
            .args(["replay", "--yes", "--json"])
            .args(letters)
            .env("ORDERS_AUDIT_LOG", self.scratch.file("audit.jsonl"))
            .stdout(self.log("replay.json")?)
            .stderr(self.log("replay.log")?);
        let status = command.status().await.context("the replay cannot be started")?;
        anyhow::ensure!(
            status.success(),
            "the replay ended with {status}: {}",
            self.scratch.tail("replay.log")
        );
        Ok(())
    }

    /// Runs `verify`, which prints its report: on standard output, or as JSON into `verify.json`. Returns whether it
    /// succeeded.
    pub(super) async fn verify(&self, json: bool) -> anyhow::Result<bool> {
        let mut command = self.command("verify");
        command.arg("--journal").arg(self.scratch.journal()).args([
            "--exclusive",
            "--wait",
            VERIFY_WAIT_SECONDS,
        ]);
        if json {
            command.arg("--json").stdout(self.log("verify.json")?);
        }
        let status = command.status().await.context("verify cannot be started")?;
        Ok(status.success())
    }
}

/// A running system. Its processes end when this is dropped.
#[derive(Debug)]
pub(super) struct System {
    child: Child,
    connection: Connection,
}

impl System {
    /// Starts the system on the run's data directory, and waits until it is ready.
    pub(super) async fn start(commands: &Commands<'_>) -> anyhow::Result<Self> {
        let ready = commands.scratch.file("ready.json");
        // A killed system leaves its ready file behind.
        if let Err(error) = std::fs::remove_file(&ready)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).context("the ready file of the previous system cannot be removed");
        }
        let mut child = commands.up()?.spawn().context("the system cannot be started")?;
        let deadline = Instant::now() + START_TIMEOUT;
        while !ready.exists() {
            let log = || commands.scratch.tail("up.log");
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("the system ended with {status}: {}", log());
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the system is not ready after {START_TIMEOUT:?}: {}",
                log()
            );
            tokio::time::sleep(READY_PAUSE).await;
        }
        let connection = Connection::local(commands.scratch.file("data"));
        Ok(Self { child, connection })
    }

    pub(super) async fn faults(&self) -> anyhow::Result<faults::Client> {
        faults::Client::connect(&self.connection).await
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Makes the delayed messages of the queues visible at once.
    pub(super) async fn wake_messages(&self) -> anyhow::Result<()> {
        let control = self.connection.local_control().await?;
        for url in self.queue_urls().await? {
            let name = url.rsplit('/').next().unwrap_or_default();
            let answer = control
                .put(&format!("queues/{name}/wake"))
                .send()
                .await
                .context("the system does not answer")?;
            answer
                .error_for_status()
                .with_context(|| format!("the queue {name} cannot be woken"))?;
        }
        Ok(())
    }

    /// Counts the letters in the dead-letter queue of orders. The load sends poison, which stays there.
    pub(super) async fn count_dead_lettered_orders(&self) -> anyhow::Result<u64> {
        let url = self.connection.resource(Resource::OrdersDlqUrl).await?;
        let depth = queue::read_depth(&self.connection.sqs().await?, &url).await?;
        Ok(depth.total())
    }

    /// How often each alarm rang since the start.
    pub(super) async fn rung_alarms(&self) -> anyhow::Result<Rung> {
        alarms::read_rung(&self.connection.local_control().await?).await
    }

    /// Ends the minute, after which the alarms are judged.
    pub(super) async fn end_minute(&self) -> anyhow::Result<()> {
        alarms::end_minute(&self.connection.local_control().await?).await
    }

    /// Counts the messages of these queues: visible, in flight or delayed.
    pub(super) async fn count_messages(&self) -> anyhow::Result<u64> {
        let sqs = self.connection.sqs().await?;
        let mut count = 0;
        for url in self.queue_urls().await? {
            count += queue::read_depth(&sqs, &url).await?.total();
        }
        Ok(count)
    }

    /// The URLs of the queues of orders and of notifications, and of their retry queues.
    async fn queue_urls(&self) -> anyhow::Result<[String; 4]> {
        Ok([
            self.connection.resource(Resource::OrdersQueueUrl).await?,
            self.connection.resource(Resource::OrdersRetryQueueUrl).await?,
            self.connection.resource(Resource::NotificationsQueueUrl).await?,
            self.connection
                .resource(Resource::NotificationsRetryQueueUrl)
                .await?,
        ])
    }

    /// Kills the system and its functions by SIGKILL, as a crash would.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("the system has ended by itself")?;
        processes::kill_with_children(id)
            .await
            .context("the system cannot be killed")?;
        self.child.wait().await.context("the killed system did not end")?;
        Ok(())
    }

    /// Ends the system after the run. Its state is not needed, so that it is killed too.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.kill().await
    }
}
