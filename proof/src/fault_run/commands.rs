//! The other commands, as processes.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use stack_client::{Connection, Resource};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::scratch::Scratch;
use super::{Arguments, PAUSE, processes};
use crate::{faults, queue_depth};

/// How long a start or a stop may take; far over what it takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);
/// How long a load waits for its orders while nothing moves. A message that failed often is next tried after up to 15
/// minutes while the faults last; then it is woken.
const SETTLE_SECONDS: &str = "1000";
/// How long the comparison waits for empty queues, which the run has waited for.
const LAST_SECONDS: &str = "60";

/// Makes processes of this program.
#[derive(Debug)]
pub(super) struct Commands<'a> {
    program: PathBuf,
    scratch: &'a Scratch,
}

impl<'a> Commands<'a> {
    pub(super) fn new(scratch: &'a Scratch) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("this program's own path is not known")?;
        Ok(Self { program, scratch })
    }

    /// A command on the run's own system, whatever the environment says of another.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_remove("AWS_ENDPOINT_URL")
            .env_remove("ORDERS_API_URL")
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
        Ok(command)
    }

    /// Starts the load, with requests that are sent twice and messages that can only become dead letters among it.
    pub(super) fn load(&self, count: u64, arguments: &Arguments) -> anyhow::Result<Child> {
        let mut command = self.command("load");
        command
            .args(["--count", &count.to_string()])
            .args(["--connections", &arguments.connections.to_string()])
            .args(["--seed", &arguments.seed.to_string()])
            .args(["--patience", &arguments.patience.to_string()])
            .args(["--settle", SETTLE_SECONDS])
            .args(["--duplicates", "10%", "--poison", "1%", "--json", "--journal"])
            .arg(self.scratch.journal())
            .stdout(self.log("load.json")?)
            .stderr(self.log("load.log")?);
        command.spawn().context("the load cannot be started")
    }

    /// Puts dead letters back on their queues.
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

    /// Compares, and prints what was found; whether all is right.
    pub(super) async fn verify(&self) -> anyhow::Result<bool> {
        let mut command = self.command("verify");
        command
            .arg("--journal")
            .arg(self.scratch.journal())
            .args(["--exclusive", "--wait", LAST_SECONDS]);
        let status = command
            .status()
            .await
            .context("the comparison cannot be started")?;
        Ok(status.success())
    }
}

/// The system, as it runs now. Its processes end with it, however that comes about.
#[derive(Debug)]
pub(super) struct System {
    child: Child,
    connection: Connection,
}

impl System {
    /// Starts it on the run's data and waits until it is ready.
    pub(super) async fn start(commands: &Commands<'_>) -> anyhow::Result<Self> {
        let ready = commands.scratch.file("ready.json");
        // A killed system leaves its file behind.
        if let Err(error) = std::fs::remove_file(&ready)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).context("the file of the system before cannot be removed");
        }
        let mut child = commands.up()?.spawn().context("the system cannot be started")?;
        let deadline = Instant::now() + PATIENCE;
        while !ready.exists() {
            let log = || commands.scratch.tail("up.log");
            if let Some(status) = child.try_wait()? {
                anyhow::bail!("the system ended with {status}: {}", log());
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the system is not ready after {PATIENCE:?}: {}",
                log()
            );
            tokio::time::sleep(PAUSE / 4).await;
        }
        let connection = Connection::local(commands.scratch.file("data"));
        Ok(Self { child, connection })
    }

    pub(super) fn faults(&self) -> anyhow::Result<faults::Client> {
        faults::Client::of(&self.connection)
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Gives the messages that wait for their next try that try at once.
    pub(super) async fn wake(&self) -> anyhow::Result<()> {
        let http = self.connection.http()?;
        for url in self.queues().await? {
            let name = url.rsplit('/').next().unwrap_or_default();
            let wake = format!(
                "{}/_local/queues/{name}/wake",
                self.connection.local_endpoint_url()?
            );
            let answer = http
                .put(wake)
                .send()
                .await
                .context("the system does not answer")?;
            answer
                .error_for_status()
                .with_context(|| format!("the queue {name} cannot be woken"))?;
        }
        Ok(())
    }

    /// How many messages the queues hold, ready, in somebody's hands or put off.
    pub(super) async fn held(&self) -> anyhow::Result<u64> {
        let sqs = self.connection.sqs().await?;
        let mut held = 0;
        for url in self.queues().await? {
            held += queue_depth::of(&sqs, &url).await?;
        }
        Ok(held)
    }

    /// Their URLs.
    async fn queues(&self) -> anyhow::Result<[String; 2]> {
        Ok([
            self.connection.resource(Resource::OrdersQueueUrl).await?,
            self.connection.resource(Resource::NotificationsQueueUrl).await?,
        ])
    }

    /// Ends it and its functions as a crash does: no line of their code runs any more.
    pub(super) async fn kill(mut self) -> anyhow::Result<()> {
        let id = self.child.id().context("the system has ended by itself")?;
        processes::kill_with_children(id)
            .await
            .context("the system cannot be killed")?;
        self.child.wait().await.context("the killed system did not end")?;
        Ok(())
    }

    /// The run is over and the state not needed: it is killed as well.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.kill().await
    }
}
