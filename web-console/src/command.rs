//! Running a command of `orderctl` in a process of its own.

use std::process::Stdio;

use anyhow::Context;
use serde_json::Value;
use tokio::process::Command;

use crate::failure::Failure;
use crate::system::System;

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Whether it ended with 0.
    pub(crate) is_done: bool,
    /// The JSON documents on its standard output.
    pub(crate) lines: Vec<Value>,
    /// Its standard error.
    pub(crate) notes: String,
}

/// Runs a command on the console's system. `edited` is the text that takes the place of what an editor would be shown.
///
/// The command goes on when the page that asked for it is closed: half a replay helps nobody.
pub(crate) async fn run(
    system: &System,
    arguments: &[&str],
    edited: Option<&str>,
) -> Result<Outcome, Failure> {
    let mut command = Command::new(system.program()?);
    let connection = system.connection()?;
    command.args(connection.arguments()).args(arguments);
    command.envs(connection.secret_variables());
    command.stdin(Stdio::null());
    let file = edited.map(write).transpose()?;
    if let Some(file) = &file {
        // The command runs its editor by a shell, with the path of its own file as the last word.
        command.env("VISUAL", format!("cp -- '{}'", file.path().display()));
    }
    let running = tokio::spawn(async move {
        let output = command.output().await;
        drop(file);
        output
    });
    let output = running
        .await
        .map_err(anyhow::Error::from)?
        .context("orderctl cannot be started again")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    Ok(Outcome {
        is_done: output.status.success(),
        lines: documents.filter_map(Result::ok).collect(),
        notes: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// A file for its owner alone, since a body holds personal data. It is deleted when it is dropped.
fn write(text: &str) -> anyhow::Result<tempfile::NamedTempFile> {
    use std::io::Write;

    let mut file = tempfile::Builder::new().prefix("orders-console-").tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    Ok(file)
}
