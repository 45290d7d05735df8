//! Measures the whole pipeline with `up`, `load` and `verify`, each a process, as a user runs them.

use std::ffi::OsStr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Deserialize;

use crate::cpu_time;
use crate::log_bytes::LogBytes;

/// The timeout of the system's start.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// The maximum number of emails to a topic in any second (docs/GUARANTEES.md).
const MAX_EMAILS_PER_SECOND: u64 = 8;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Orders to send to each system
    #[arg(long, value_name = "N", default_value = "20000")]
    count: NonZeroU64,
    /// Orders in progress at the same time
    #[arg(long, value_name = "C", default_value = "16")]
    connections: NonZeroU64,
    /// Orders a second [default: as fast as they go]
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// Measure only these
    #[arg(long, value_enum, num_args = 1.., default_values = ["memory", "normal", "full"])]
    durability: Vec<Durability>,
    /// Measure only systems whose functions run like this
    #[arg(long, value_enum, num_args = 1.., default_values = ["process"])]
    isolation: Vec<Isolation>,
    /// Compare each system with the journal of its load afterwards; writing it costs the load an `fsync` a group
    #[arg(long)]
    verify: bool,
}

/// How the system keeps its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Durability {
    /// `up --ephemeral`
    Memory,
    /// `up --sync normal`
    Normal,
    /// `up --sync full`
    Full,
}

impl Durability {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Memory => &["--ephemeral"],
            Self::Normal => &["--sync", "normal"],
            Self::Full => &["--sync", "full"],
        }
    }
}

/// Where the functions run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Isolation {
    /// `up --isolation process`
    Process,
    /// `up --isolation task`
    Task,
}

impl Isolation {
    fn arguments(self) -> [&'static str; 2] {
        match self {
            Self::Process => ["--isolation", "process"],
            Self::Task => ["--isolation", "task"],
        }
    }
}

/// The needed part of the ready file.
#[derive(Debug, Deserialize)]
pub(crate) struct Endpoints {
    pub(crate) api_url: String,
    aws_endpoint_url: String,
}

/// A running system. It is killed when the value is dropped.
pub(crate) struct System {
    pub(crate) child: Child,
    pub(crate) endpoints: Endpoints,
}

impl Drop for System {
    fn drop(&mut self) {
        // The system may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures each durability with each isolation on a new system, and prints the results.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut is_right = true;
    for durability in &arguments.durability {
        for isolation in &arguments.isolation {
            println!("== {durability:?}, {isolation:?}");
            is_right &= measure(arguments, *durability, *isolation).await?;
        }
    }
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn measure(
    arguments: &Arguments,
    durability: Durability,
    isolation: Isolation,
) -> anyhow::Result<bool> {
    let directory = tempfile::tempdir()?;
    let system = System::start_with(directory.path(), durability, isolation.arguments()).await?;
    let journal = directory.path().join("journal");
    let mut load = system.orderctl()?;
    load.args(["load", "--seed", "1", "--count", &arguments.count.to_string()]);
    load.args(["--connections", &arguments.connections.to_string()]);
    if let Some(rate) = arguments.rate {
        load.args(["--rate", &rate.to_string()]);
    }
    if arguments.verify {
        load.arg("--journal").arg(&journal);
    }
    let mut is_right = load.status()?.success();
    is_right &= system.check_emails().await?;
    system.print_processor_time(arguments.count);
    let logged = LogBytes::read(&directory.path().join("data/logs"))?;
    println!("{}", logged.describe(arguments.count.get()));
    if arguments.verify {
        is_right &= system
            .orderctl()?
            .args(["verify", "--journal"])
            .arg(journal)
            .status()?
            .success();
    }
    println!();
    Ok(is_right)
}

impl System {
    pub(crate) async fn start(directory: &Path, durability: Durability) -> anyhow::Result<Self> {
        Self::start_with_functions(directory, durability, None).await
    }

    /// Starts a system whose functions another program runs.
    pub(crate) async fn start_with_functions(
        directory: &Path,
        durability: Durability,
        functions: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let functions = functions.map(|functions| ["--functions".as_ref(), functions.as_os_str()]);
        Self::start_with(directory, durability, functions.into_iter().flatten()).await
    }

    /// Starts a system with further arguments of `up`.
    pub(crate) async fn start_with<A: AsRef<OsStr>>(
        directory: &Path,
        durability: Durability,
        arguments: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Self> {
        let ready = directory.join("ready.json");
        let mut up = Command::new(std::env::current_exe()?);
        up.arg("up").args(arguments);
        let child = up
            .args(["--no-shop", "--api-port", "0", "--aws-port", "0", "--ready-file"])
            .arg(&ready)
            .arg("--data-dir")
            .arg(directory.join("data"))
            .args(durability.arguments())
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .context("the system cannot be started")?;
        let mut system = Self {
            child,
            endpoints: Endpoints {
                api_url: String::new(),
                aws_endpoint_url: String::new(),
            },
        };
        system.endpoints = system.wait_until_ready(&ready).await?;
        Ok(system)
    }

    async fn wait_until_ready(&mut self, file: &PathBuf) -> anyhow::Result<Endpoints> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Ok(text) = std::fs::read(file) {
                return serde_json::from_slice(&text).context("the ready file cannot be read");
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the system ended with {status} before it was ready");
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the system was not ready after {START_TIMEOUT:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The operator's command on this system.
    pub(crate) fn orderctl(&self) -> anyhow::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([
            "--api-url",
            &self.endpoints.api_url,
            "--aws-endpoint-url",
            &self.endpoints.aws_endpoint_url,
        ]);
        Ok(command)
    }

    /// Prints the processor time of an order.
    fn print_processor_time(&self, count: NonZeroU64) {
        if let Some(time) = cpu_time::read_tree(self.child.id()) {
            #[expect(clippy::cast_precision_loss, reason = "of 2^53 orders")]
            let each = time.as_secs_f64() * 1000.0 / count.get() as f64;
            println!(
                "processor time of the system: {:.1} s, {each:.1} ms an order",
                time.as_secs_f64()
            );
        }
    }

    /// Prints the rate of the emails. Returns whether every subscription is right.
    async fn check_emails(&self) -> anyhow::Result<bool> {
        let url = format!("{}/_local/subscriptions", self.endpoints.aws_endpoint_url);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let text = client.get(url).send().await?.error_for_status()?.bytes().await?;
        let answer: Subscriptions = serde_json::from_slice(&text)?;
        let emails: Vec<Subscription> = answer
            .subscriptions
            .into_iter()
            .filter(|subscription| subscription.protocol == "email")
            .collect();
        anyhow::ensure!(!emails.is_empty(), "the topic of emails has no subscription");
        for subscription in &emails {
            println!("{}", subscription.describe());
        }
        Ok(emails.iter().all(Subscription::is_right))
    }
}

/// The system's answer about its subscriptions.
#[derive(Debug, Deserialize)]
struct Subscriptions {
    subscriptions: Vec<Subscription>,
}

/// One subscription.
#[derive(Clone, Debug, Deserialize)]
struct Subscription {
    protocol: String,
    endpoint: String,
    state: String,
    peak_per_second: u64,
    undelivered: u64,
}

impl Subscription {
    /// Whether the subscription is confirmed and got every email, at no more than the guaranteed rate.
    fn is_right(&self) -> bool {
        self.state == "confirmed" && self.undelivered == 0 && self.peak_per_second <= MAX_EMAILS_PER_SECOND
    }

    fn describe(&self) -> String {
        let Self {
            endpoint,
            state,
            peak_per_second,
            undelivered,
            ..
        } = self;
        format!(
            "emails to {endpoint}: {state}, at most {peak_per_second} in any second (of {MAX_EMAILS_PER_SECOND}), {undelivered} \
             undelivered"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_must_be_confirmed_and_get_every_email_at_the_guaranteed_rate() {
        let right = Subscription {
            protocol: "email".to_owned(),
            endpoint: "shop@example.com".to_owned(),
            state: "confirmed".to_owned(),
            peak_per_second: MAX_EMAILS_PER_SECOND,
            undelivered: 0,
        };
        assert!(right.is_right());
        for wrong in [
            Subscription {
                state: "suspended".to_owned(),
                ..right.clone()
            },
            Subscription {
                peak_per_second: MAX_EMAILS_PER_SECOND + 1,
                ..right.clone()
            },
            Subscription {
                undelivered: 1,
                ..right.clone()
            },
        ] {
            assert!(!wrong.is_right(), "{wrong:?}");
        }
    }
}
