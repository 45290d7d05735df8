//! `faults`: what goes wrong on purpose in the running system, and how often it has.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use reqwest::{RequestBuilder, StatusCode};
use serde::{Deserialize, Serialize};

use stack_client::Connection;
use terminal::stdout;

/// What `faults` is asked to do.
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
    /// Put a plan in force, such as events/faults.yaml
    Set {
        /// The plan
        file: PathBuf,
        /// Decide by this seed instead of the plan's own
        #[arg(long, value_name = "S")]
        seed: Option<u64>,
    },
    /// End all faults
    Off,
}

/// What the system answers: whether a plan is in force, and what was injected, by kind and by what it hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) active: bool,
    pub(crate) injected: Injected,
}

/// Kind of fault, what it hit, how often.
pub(crate) type Injected = BTreeMap<String, BTreeMap<String, u64>>;

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Shows the state, after a change if one is asked for.
pub async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let client = Client::of(connection)?;
    let state = match &arguments.change {
        None => client.show().await?,
        Some(Change::Set { file, seed }) => client.set(&read(file)?, *seed).await?,
        Some(Change::Off) => client.off().await?,
    };
    if arguments.json {
        stdout::print_json(&state)?;
    } else {
        stdout::print_line(&describe(&state))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The text of a plan.
pub fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Speaks to the system about its faults.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

impl Client {
    /// A client of the system as it runs now.
    pub(crate) fn of(connection: &Connection) -> anyhow::Result<Self> {
        Ok(Self {
            http: connection.http()?,
            url: format!("{}/_local/faults", connection.local_endpoint_url()?),
        })
    }

    /// The state as it is.
    pub(crate) async fn show(&self) -> anyhow::Result<State> {
        send(self.http.get(&self.url)).await
    }

    /// Puts a plan in force, by its own seed or another.
    pub(crate) async fn set(&self, plan: &str, seed: Option<u64>) -> anyhow::Result<State> {
        let url = match seed {
            None => self.url.clone(),
            Some(seed) => format!("{}?seed={seed}", self.url),
        };
        send(self.http.put(url).body(plan.to_owned())).await
    }

    /// Ends all faults.
    pub(crate) async fn off(&self) -> anyhow::Result<State> {
        send(self.http.delete(&self.url)).await
    }
}

async fn send(request: RequestBuilder) -> anyhow::Result<State> {
    let response = request.send().await.context("the system does not answer")?;
    let status = response.status();
    let body = response.bytes().await.context("the system's answer broke off")?;
    if status == StatusCode::OK {
        return serde_json::from_slice(&body).context("the system's answer cannot be read");
    }
    match serde_json::from_slice::<Refusal>(&body) {
        Ok(refusal) => anyhow::bail!("{}", refusal.error),
        Err(_) => anyhow::bail!("faults are known to `up` only: {status} from there"),
    }
}

fn describe(state: &State) -> String {
    let head = if state.active {
        "faults are on"
    } else {
        "no faults are on"
    };
    let lines = table(&state.injected);
    if lines.is_empty() {
        format!("{head}; none has happened since the start")
    } else {
        format!("{head}; since the start there were\n\n{lines}")
    }
}

/// One line a kind and what it hit.
pub(crate) fn table(injected: &Injected) -> String {
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
    fn what_happened_is_told_by_kind() {
        let text = r#"{"active": true, "injected": {"kill": {"order-worker": 3},
            "throttle": {"sns:PublishBatch": 12, "sqs:SendMessage": 1}}}"#;
        insta::assert_snapshot!(describe(&serde_json::from_str(text).unwrap()), @r"
        faults are on; since the start there were

              3  kill           order-worker
             12  throttle       sns:PublishBatch
              1  throttle       sqs:SendMessage
        ");
        let quiet = State {
            active: false,
            injected: Injected::new(),
        };
        insta::assert_snapshot!(describe(&quiet), @"no faults are on; none has happened since the start");
    }
}
