//! The operator's audit log: who changed which dead letters, who erased which orders, and who asked for personal data.
//!
//! Each change writes two JSON lines to a file and to the structured log: one before it begins, one when it ends. The first
//! is on disk before the queue is changed, so that a change whose process died has a first line and no second one. No line
//! holds a message body or the text of `--contains`.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use clap::builder::{OsStringValueParser, TypedValueParser as _};
use order_core::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use stack_client::{Connection, Target};

/// Where audit lines are written, and whom they name. An empty value is as none.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Audit")]
pub struct AuditOptions {
    /// Who makes this change [default: on AWS the caller's ARN, on this machine the user's name]
    #[arg(long, value_name = "NAME", env = "ORDERS_ACTOR")]
    actor: Option<String>,
    /// File to which audit lines are appended [default: audit.jsonl in the data directory, on AWS in ~/.local/state/orders]
    #[arg(long, value_name = "FILE", env = "ORDERS_AUDIT_LOG", value_parser = OsStringValueParser::new().map(PathBuf::from))]
    audit_log: Option<PathBuf>,
}

impl AuditOptions {
    /// The options of a change that no command line asks for: those of the environment.
    #[must_use]
    pub fn of_environment() -> Self {
        Self {
            actor: std::env::var("ORDERS_ACTOR").ok(),
            audit_log: std::env::var_os("ORDERS_AUDIT_LOG").map(PathBuf::from),
        }
    }

    fn actor(&self) -> Option<&str> {
        self.actor.as_deref().filter(|actor| !actor.is_empty())
    }

    /// The file to which audit lines are appended.
    fn file(&self, connection: &Connection) -> anyhow::Result<PathBuf> {
        match self.audit_log.as_deref() {
            Some(path) if !path.as_os_str().is_empty() => Ok(path.to_owned()),
            _ => default_path(connection),
        }
    }
}

/// A change whose first audit line is written.
#[derive(Debug)]
pub struct AuditedChange {
    file: File,
    path: PathBuf,
    change: Value,
}

impl AuditedChange {
    /// Writes the first line of a change. `action` is such as `replay`; `queue` names the queue or the table, and `selection` says which
    /// letters or orders are changed.
    pub async fn begin(
        options: &AuditOptions,
        connection: &Connection,
        action: &str,
        queue: &str,
        selection: &impl Serialize,
    ) -> anyhow::Result<Self> {
        let actor = match options.actor() {
            Some(actor) => actor.to_owned(),
            None => identify(connection).await?,
        };
        let path = options.file(connection)?;
        let file = open(&path).with_context(|| {
            format!(
                "nothing was changed: the audit log {} cannot be written; name another by --audit-log",
                path.display()
            )
        })?;
        let change = json!({
            "change_id": Uuid::now_v7(),
            "actor": actor,
            "action": action,
            "queue": queue,
            "selection": selection,
        });
        let mut audit = Self { file, path, change };
        audit.append("begun", &Value::Null)?;
        Ok(audit)
    }

    /// Writes the second line, with `outcome`, such as the counts of a replay.
    pub fn end(mut self, outcome: &impl Serialize) -> anyhow::Result<()> {
        let outcome = serde_json::to_value(outcome)?;
        self.append("ended", &outcome)
    }

    fn append(&mut self, state: &str, outcome: &Value) -> anyhow::Result<()> {
        let mut line = json!({ "at": Timestamp::new(OffsetDateTime::now_utc()), "state": state });
        let fields = [Some(&self.change), outcome.is_object().then_some(outcome)];
        for (name, value) in fields
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flatten()
        {
            line[name] = value.clone();
        }
        let text = |name: &str| self.change[name].as_str().unwrap_or_default();
        tracing::info!(
            target: "audit",
            change_id = text("change_id"),
            actor = text("actor"),
            action = text("action"),
            queue = text("queue"),
            state,
            selection = %self.change["selection"],
            outcome = %outcome,
            "{} {state}",
            text("action")
        );
        writeln!(self.file, "{line}")
            .and_then(|()| self.file.sync_data())
            .with_context(|| format!("the audit log {} cannot be written", self.path.display()))
    }
}

/// Writes to the audit log that somebody asks for the personal data of one thing: `kind` is such as `order`.
pub async fn audit_reveal(
    options: &AuditOptions,
    connection: &Connection,
    kind: &str,
    id: &str,
) -> anyhow::Result<()> {
    let selection = json!({ "ids": [id] });
    let audit = AuditedChange::begin(options, connection, "reveal", kind, &selection).await?;
    audit.end(&Value::Null)
}

/// The newest lines of the audit log, newest first. A file that does not exist has none.
pub fn read_audit_log(connection: &Connection, limit: usize) -> anyhow::Result<Vec<Value>> {
    let path = AuditOptions::of_environment().file(connection)?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("the audit log {} cannot be read", path.display()));
        }
    };
    let lines = text
        .lines()
        .rev()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(lines.take(limit).collect())
}

/// Opens the file for appending. Only its owner may read a new file, since it names people.
fn open(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    if let Some(directory) = path
        .parent()
        .filter(|directory| !directory.as_os_str().is_empty())
    {
        std::fs::create_dir_all(directory)?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

fn default_path(connection: &Connection) -> anyhow::Result<PathBuf> {
    if connection.uses_data_dir() && connection.data_dir().is_dir() {
        return Ok(connection.data_dir().join("audit.jsonl"));
    }
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
    let state = state.context("there is no home directory for the audit log: name a file by --audit-log")?;
    Ok(state.join("orders").join("audit.jsonl"))
}

/// On AWS the caller's ARN, on this machine the user's name.
async fn identify(connection: &Connection) -> anyhow::Result<String> {
    if connection.target() == Target::Local {
        return Ok(user_name());
    }
    let answer = connection.sts().await?.get_caller_identity().send().await;
    answer
        .context("STS does not say who you are: log in, or name yourself by --actor")?
        .arn
        .context("STS knows no ARN of yours: name yourself by --actor")
}

fn user_name() -> String {
    let variable = |name| std::env::var(name).ok().filter(|name| !name.is_empty());
    let asked = || {
        let output = Command::new("id").arg("-un").output().ok()?;
        let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (!name.is_empty()).then_some(name)
    };
    variable("USER")
        .or_else(|| variable("LOGNAME"))
        .or_else(asked)
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_writes_a_line_before_and_a_line_after() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new").join("audit.jsonl");
        let options = AuditOptions {
            actor: Some("ada".to_owned()),
            audit_log: Some(path.clone()),
        };
        let connection = Connection::default();
        let lines = || -> Vec<Value> {
            let text = std::fs::read_to_string(&path).unwrap();
            text.lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        };
        let selection = json!({"ids": 2});
        let audit = AuditedChange::begin(&options, &connection, "replay", "orders-dlq", &selection)
            .await
            .unwrap();
        assert_eq!(lines().len(), 1);
        audit.end(&json!({"replayed": 2})).unwrap();
        let [begun, ended] = <[Value; 2]>::try_from(lines()).unwrap();
        assert_eq!(
            (&begun["state"], &ended["state"]),
            (&json!("begun"), &json!("ended"))
        );
        assert_eq!(begun["change_id"], ended["change_id"]);
        assert_eq!(ended["actor"], "ada");
        assert_eq!(ended["replayed"], 2);
        assert_eq!(begun["selection"], selection);
    }

    #[tokio::test]
    async fn an_empty_value_is_as_none() {
        #[derive(clap::Parser)]
        struct TestCommand {
            #[command(flatten)]
            audit: AuditOptions,
        }
        let TestCommand { audit } = clap::Parser::parse_from(["test", "--actor", "", "--audit-log", ""]);
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection::local(directory.path().to_owned());
        audit_reveal(&audit, &connection, "order", "1").await.unwrap();
        let text = std::fs::read_to_string(directory.path().join("audit.jsonl")).unwrap();
        let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_ne!(line["actor"], "", "{line}");
    }

    #[tokio::test]
    async fn a_change_does_not_begin_without_its_audit_line() {
        let directory = tempfile::tempdir().unwrap();
        let options = AuditOptions {
            actor: Some("ada".to_owned()),
            audit_log: Some(directory.path().to_owned()),
        };
        let begun = AuditedChange::begin(
            &options,
            &Connection::default(),
            "purge",
            "orders-dlq",
            &Value::Null,
        )
        .await;
        let error = begun.unwrap_err().to_string();
        assert!(
            error.starts_with("nothing was changed: the audit log "),
            "{error}"
        );
    }
}
