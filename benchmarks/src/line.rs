//! What the whole line does: `up`, `load` and `verify`, each a process, as a user runs them.

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Deserialize;

use crate::cpu_time;

/// How long a system may take to start.
const PATIENCE: Duration = Duration::from_mins(2);
/// The emails to a topic in any second, as docs/GUARANTEES.md promises them.
const EMAILS_PER_SECOND: u64 = 8;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Orders to send to each system
    #[arg(long, value_name = "N", default_value = "20000")]
    count: NonZeroU64,
    /// Orders under way at the same time
    #[arg(long, value_name = "C", default_value = "16")]
    connections: NonZeroU64,
    /// Orders a second [default: as fast as they go]
    #[arg(long, value_name = "R")]
    rate: Option<f64>,
    /// Only these
    #[arg(long, value_enum, num_args = 1.., default_values = ["memory", "normal", "full"])]
    durability: Vec<Durability>,
    /// Compare each system with the journal of its load afterwards; writing it costs the load an `fsync` a group
    #[arg(long)]
    verify: bool,
}

/// Where the state is kept, and what it survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Durability {
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

/// As much of the ready file as is needed.
#[derive(Debug, Deserialize)]
struct Endpoints {
    api_url: String,
    aws_endpoint_url: String,
}

/// A system that ends with this value.
struct System {
    child: Child,
    endpoints: Endpoints,
}

impl Drop for System {
    fn drop(&mut self) {
        // One that has ended already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures each durability on a new system, and prints what came of it.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut is_right = true;
    for durability in &arguments.durability {
        println!("== {durability:?}");
        is_right &= measure(arguments, *durability).await?;
    }
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn measure(arguments: &Arguments, durability: Durability) -> anyhow::Result<bool> {
    let home = tempfile::tempdir()?;
    let system = System::start(home.path(), durability).await?;
    let journal = home.path().join("journal");
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
    is_right &= system.emails().await?;
    system.processor_time(arguments.count);
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
    async fn start(home: &Path, durability: Durability) -> anyhow::Result<Self> {
        let ready = home.join("ready.json");
        let child = Command::new(std::env::current_exe()?)
            .args(["up", "--api-port", "0", "--aws-port", "0", "--ready-file"])
            .arg(&ready)
            .arg("--data-dir")
            .arg(home.join("data"))
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
        system.endpoints = system.ready(&ready).await?;
        Ok(system)
    }

    async fn ready(&mut self, file: &PathBuf) -> anyhow::Result<Endpoints> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(text) = std::fs::read(file) {
                return serde_json::from_slice(&text).context("the ready file cannot be read");
            }
            if let Some(status) = self.child.try_wait()? {
                anyhow::bail!("the system ended with {status} before it was ready");
            }
            anyhow::ensure!(
                Instant::now() < deadline,
                "the system was not ready after {PATIENCE:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The operator's command on this system.
    fn orderctl(&self) -> anyhow::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([
            "--api-url",
            &self.endpoints.api_url,
            "--aws-endpoint-url",
            &self.endpoints.aws_endpoint_url,
        ]);
        Ok(command)
    }

    /// Prints what an order cost, whatever else the machine did.
    fn processor_time(&self, count: NonZeroU64) {
        if let Some(time) = cpu_time::of_tree(self.child.id()) {
            #[expect(clippy::cast_precision_loss, reason = "of 2^53 orders")]
            let each = time.as_secs_f64() * 1000.0 / count.get() as f64;
            println!(
                "processor time of the system: {:.1} s, {each:.1} ms an order",
                time.as_secs_f64()
            );
        }
    }

    /// Prints how fast emails went out; whether that was right for every subscription.
    async fn emails(&self) -> anyhow::Result<bool> {
        let url = format!("{}/_local/subscriptions", self.endpoints.aws_endpoint_url);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let text = client.get(url).send().await?.error_for_status()?.bytes().await?;
        let answer: Subscriptions = serde_json::from_slice(&text)?;
        let emails: Vec<Subscription> = answer
            .subscriptions
            .into_iter()
            .filter(|subscription| subscription.protocol == "email")
            .collect();
        anyhow::ensure!(!emails.is_empty(), "nobody is subscribed to the emails");
        for subscription in &emails {
            println!("{}", subscription.describe());
        }
        Ok(emails.iter().all(Subscription::is_right))
    }
}

/// What the system says of its subscriptions.
#[derive(Debug, Deserialize)]
struct Subscriptions {
    subscriptions: Vec<Subscription>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
struct Subscription {
    protocol: String,
    endpoint: String,
    state: String,
    peak_per_second: u64,
    undelivered: u64,
}

impl Subscription {
    /// Whether it stands, got all that was sent, and at no more than the rate that is promised.
    fn is_right(&self) -> bool {
        self.state == "confirmed" && self.undelivered == 0 && self.peak_per_second <= EMAILS_PER_SECOND
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
            "emails to {endpoint}: {state}, at most {peak_per_second} in any second (of {EMAILS_PER_SECOND}), {undelivered} \
             undelivered"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_must_stand_and_get_everything_at_the_rate_that_is_promised() {
        let right = Subscription {
            protocol: "email".to_owned(),
            endpoint: "shop@example.com".to_owned(),
            state: "confirmed".to_owned(),
            peak_per_second: EMAILS_PER_SECOND,
            undelivered: 0,
        };
        assert!(right.is_right());
        for wrong in [
            Subscription {
                state: "suspended".to_owned(),
                ..right.clone()
            },
            Subscription {
                peak_per_second: EMAILS_PER_SECOND + 1,
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
