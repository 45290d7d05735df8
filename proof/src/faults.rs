//! `faults`: the faults that are injected into the running system, and their counts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use reqwest::{RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};

use stack_client::{Connection, LocalControl, Target};
use terminal::exit::UsageError;
use terminal::stdout;

use crate::outages::OutageTarget;

/// The arguments of `faults`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    change: Option<Change>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

/// A change of the fault plan.
#[derive(Debug, clap::Subcommand)]
pub enum Change {
    /// Start to inject the faults of a plan, such as events/faults.yaml
    Set {
        /// The plan
        file: PathBuf,
        /// Use this seed instead of the plan's own
        #[arg(long, value_name = "S")]
        seed: Option<u64>,
    },
    /// Take services away from the functions: every call fails until the outage ends, with or without a plan
    Outage {
        /// Which services
        #[arg(required = true, value_enum)]
        targets: Vec<OutageTarget>,
        /// End their outages
        #[arg(long)]
        end: bool,
    },
    /// Inject no more faults of the plan, and end all outages
    Off,
}

/// The system's answer: whether a plan is in force, and the faults that were injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) active: bool,
    pub(crate) injected: Injected,
    /// The outages that last.
    #[serde(default)]
    pub(crate) outages: Vec<String>,
}

/// The number of injected faults, by kind and by the function or operation that they hit.
pub(crate) type Injected = BTreeMap<String, BTreeMap<String, u64>>;

#[derive(Deserialize)]
struct ErrorBody {
    error: String,
}

/// Changes the plan if asked to, and prints the state.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let client = Client::connect(connection).await?;
    let state = match &arguments.change {
        None => client.show().await?,
        Some(Change::Set { file, seed }) => client.set(&read_plan(file)?, *seed).await?,
        Some(Change::Outage { targets, end: true }) => client.end_outages(targets).await?,
        Some(Change::Outage { targets, end: false }) => client.begin_outages(targets).await?,
        Some(Change::Off) => {
            client.end_outages(&OutageTarget::ALL).await?;
            client.off().await?
        }
    };
    if arguments.json {
        stdout::print_document(1, &state)?;
    } else {
        stdout::print_line(&format_state(&state))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads the text of a plan.
pub fn read_plan(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Calls the fault control of the system on this machine.
#[derive(Debug)]
pub(crate) struct Client {
    control: LocalControl,
}

impl Client {
    /// A client of the system that runs now.
    pub(crate) async fn connect(connection: &Connection) -> anyhow::Result<Self> {
        if connection.target() == Target::Aws {
            return Err(UsageError(
                "faults are injected on this machine only: leave out --target aws and ORDERS_TARGET"
                    .to_owned(),
            )
            .into());
        }
        let control = connection.local_control().await?;
        Ok(Self { control })
    }

    /// Reads the state.
    pub(crate) async fn show(&self) -> anyhow::Result<State> {
        send(self.control.get("faults")).await
    }

    /// Puts a plan in force, with its own seed or another one.
    pub(crate) async fn set(&self, plan: &str, seed: Option<u64>) -> anyhow::Result<State> {
        let path = match seed {
            None => "faults".to_owned(),
            Some(seed) => format!("faults?seed={seed}"),
        };
        send(self.control.put(&path).body(plan.to_owned())).await
    }

    /// Begins outages.
    pub(crate) async fn begin_outages(&self, targets: &[OutageTarget]) -> anyhow::Result<State> {
        for target in targets {
            let request = self.control.put(&outage_path(*target));
            send(request.body(target.document())).await?;
        }
        self.show().await
    }

    /// Ends outages. One that does not last is no error.
    pub(crate) async fn end_outages(&self, targets: &[OutageTarget]) -> anyhow::Result<State> {
        let lasting = self.show().await?.outages;
        for target in targets {
            if lasting.iter().any(|name| name == target.name()) {
                send(self.control.delete(&outage_path(*target))).await?;
            }
        }
        self.show().await
    }

    /// Ends the plan.
    pub(crate) async fn off(&self) -> anyhow::Result<State> {
        send(self.control.delete("faults")).await
    }
}

fn outage_path(target: OutageTarget) -> String {
    format!("faults/outages/{}", target.name())
}

async fn send(request: RequestBuilder) -> anyhow::Result<State> {
    let response = request.send().await.context("the system does not answer")?;
    let status = response.status();
    let body = response
        .bytes()
        .await
        .context("the system's answer was cut off")?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).context("the system's answer cannot be read");
    }
    match serde_json::from_slice::<ErrorBody>(&body) {
        Ok(body) => anyhow::bail!("{}", body.error),
        Err(_) => anyhow::bail!("only a system that `up` started has faults: it answered {status}"),
    }
}

fn format_state(state: &State) -> String {
    let head = if state.active {
        "faults are on"
    } else {
        "no faults are on"
    };
    let away = if state.outages.is_empty() {
        String::new()
    } else {
        format!("; away: {}", state.outages.join(", "))
    };
    let head = format!("{head}{away}");
    let lines = format_injected(&state.injected);
    if lines.is_empty() {
        format!("{head}; none has been injected since the start")
    } else {
        format!("{head}; injected since the start\n\n{lines}")
    }
}

/// Formats the counts: one line for each kind of fault and what it hit.
pub(crate) fn format_injected(injected: &Injected) -> String {
    let rows = injected
        .iter()
        .flat_map(|(kind, hit)| hit.iter().map(move |(subject, count)| (kind, subject, count)));
    let lines: Vec<_> = rows
        .map(|(kind, subject, count)| format!("{count:>7}  {kind:<15}{subject}"))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injected_faults_are_counted_by_kind() {
        let text = r#"{"active": true, "injected": {"kill": {"order-worker": 3},
            "throttle": {"sns:PublishBatch": 12, "sqs:SendMessage": 1}}, "outages": []}"#;
        insta::assert_snapshot!(format_state(&serde_json::from_str(text).unwrap()), @r"
        faults are on; injected since the start

              3  kill           order-worker
             12  throttle       sns:PublishBatch
              1  throttle       sqs:SendMessage
        ");
        let quiet = State {
            active: false,
            injected: Injected::new(),
            outages: Vec::new(),
        };
        insta::assert_snapshot!(format_state(&quiet), @"no faults are on; none has been injected since the start");
        let away = State {
            outages: vec!["email".to_owned(), "table".to_owned()],
            ..quiet
        };
        insta::assert_snapshot!(format_state(&away), @"no faults are on; away: email, table; none has been injected since the start");
    }
}
