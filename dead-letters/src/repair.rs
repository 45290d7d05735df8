//! Repairing a message's body before a replay: by a patch file, or in an editor.
//!
//! `dialoguer`'s editor is not used: it deletes its file, which would lose the operator's text when it is not valid JSON.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use order_core::{Fingerprint, Order, OrderMessage};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::mask;
use crate::queue::QueueName;

/// How bodies are repaired.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Repair")]
pub(super) struct RepairArguments {
    /// Open each body in $VISUAL or $EDITOR first; a body that you do not change is skipped
    #[arg(long, conflicts_with = "patch")]
    pub(super) edit: bool,
    /// Change each body by a JSON merge patch (RFC 7396), or, if the file holds an array, by a JSON patch (RFC 6902)
    #[arg(long, value_name = "FILE.json")]
    pub(super) patch: Option<PathBuf>,
}

/// A way to repair bodies.
#[derive(Debug)]
pub(super) enum Repair {
    Nothing,
    Edit,
    /// A JSON merge patch (RFC 7396).
    Merge(Value),
    /// A JSON patch (RFC 6902): a list of operations.
    Operations(json_patch::Patch),
}

/// The result of a repair.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repaired {
    /// The body is sent unchanged.
    Unchanged,
    /// This body is sent instead.
    Changed(String),
    /// The operator did not change it in the editor: it is not sent.
    Skipped,
}

impl Repair {
    pub(super) fn new(arguments: &RepairArguments) -> anyhow::Result<Self> {
        match &arguments.patch {
            None if arguments.edit => Ok(Self::Edit),
            None => Ok(Self::Nothing),
            Some(path) => Self::read(path).with_context(|| format!("{} is no patch", path.display())),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        match serde_json::from_slice(&std::fs::read(path)?)? {
            // A merge patch that is an array would replace the whole body, so that an array is always a JSON patch.
            operations @ Value::Array(_) => Ok(Self::Operations(serde_json::from_value(operations)?)),
            merge @ Value::Object(_) => Ok(Self::Merge(merge)),
            _ => anyhow::bail!("it must hold an object (RFC 7396) or an array of operations (RFC 6902)"),
        }
    }

    /// Whether it can change a body.
    pub(super) fn changes_bodies(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    /// Repairs a body. The result is not validated yet.
    pub(super) async fn apply(&self, queue: QueueName, body: &str) -> anyhow::Result<Repaired> {
        let mut document = match self {
            Self::Nothing => return Ok(Repaired::Unchanged),
            Self::Edit => return edit(queue, body).await,
            Self::Merge(_) | Self::Operations(_) => read_object(body)
                .context("its body is no JSON document that a patch can change; repair it by --edit")?,
        };
        match self {
            Self::Merge(patch) => json_patch::merge(&mut document, patch),
            Self::Operations(patch) => {
                json_patch::patch(&mut document, patch).context("the patch does not fit")?;
            }
            Self::Nothing | Self::Edit => {}
        }
        Ok(Repaired::Changed(with_fingerprint(queue, document)))
    }
}

/// The object in a body. None if one of its objects names a key twice: a patch would silently drop the first value.
fn read_object(body: &str) -> Option<Value> {
    let document = json_document::parse(body.as_bytes()).ok()?;
    Some(document.into()).filter(Value::is_object)
}

/// Serializes a document as a message's body, with the fingerprint of its order. order-worker refuses a message whose
/// fingerprint is not that of its order.
fn with_fingerprint(queue: QueueName, mut document: Value) -> String {
    if queue == QueueName::Orders
        && matches!(
            document.get("schema_version").and_then(Value::as_u64),
            Some(1 | 2)
        )
        && let Some(Ok(order)) = document.get("order").map(Order::restore)
    {
        document["schema_version"] = OrderMessage::schema_version(&order).into();
        document["fingerprint"] = Fingerprint::of(&order).to_string().into();
    }
    document.to_string()
}

async fn edit(queue: QueueName, body: &str) -> anyhow::Result<Repaired> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = variable("VISUAL")
        .or_else(|| variable("EDITOR"))
        .context("no editor is known: set VISUAL or EDITOR, or change the body by --patch")?;
    // The file holds personal data: only its owner can read it, and it is removed when it is dropped.
    let mut file = tempfile::Builder::new()
        .prefix("dead-letter-")
        .suffix(".json")
        .tempfile()?;
    let before = mask::indent_json(body);
    writeln!(file, "{before}")?;
    // A shell runs the editor, as in Git, since the variable may hold options.
    let status = tokio::process::Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file.path())
        .status()
        .await
        .context("the editor cannot be started")?;
    anyhow::ensure!(status.success(), "the editor ended with an error");
    let after = std::fs::read_to_string(file.path()).context("the edited text cannot be read")?;
    read_edited(queue, &before, after.trim_end(), file)
}

fn read_edited(queue: QueueName, before: &str, after: &str, file: NamedTempFile) -> anyhow::Result<Repaired> {
    if after.is_empty() || after == before.trim_end() {
        return Ok(Repaired::Skipped);
    }
    match serde_json::from_str::<Value>(after) {
        Ok(document) => Ok(Repaired::Changed(with_fingerprint(queue, document))),
        Err(error) => {
            let (_, path) = file.keep()?;
            anyhow::bail!(
                "the edited text is not JSON ({error}); it is kept in {}",
                path.display()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use order_core::OrderMessage;
    use serde_json::json;

    use super::*;

    const MESSAGE: &str = include_str!("../../order-core/golden/message-v1.json");

    fn patch(text: &str) -> anyhow::Result<Repair> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("patch.json");
        std::fs::write(&path, text).unwrap();
        Repair::new(&RepairArguments {
            edit: false,
            patch: Some(path),
        })
    }

    async fn patched(patch_text: &str, body: &str) -> anyhow::Result<OrderMessage> {
        let repaired = patch(patch_text).unwrap().apply(QueueName::Orders, body).await?;
        let Repaired::Changed(body) = repaired else {
            panic!("{repaired:?}")
        };
        Ok(OrderMessage::from_json(&body)?)
    }

    #[tokio::test]
    async fn both_kinds_of_patches_change_the_order_and_its_fingerprint() {
        let original = OrderMessage::from_json(MESSAGE).unwrap();
        let merged = patched(r#"{"order":{"note":"repaired"}}"#, MESSAGE)
            .await
            .unwrap();
        assert_eq!(
            merged
                .order
                .note()
                .map(|note| note.as_str().to_owned())
                .as_deref(),
            Some("repaired")
        );
        assert_ne!(merged.fingerprint, original.fingerprint);
        let operations = r#"[{"op":"add","path":"/order/note","value":"repaired"}]"#;
        assert_eq!(patched(operations, MESSAGE).await.unwrap(), merged);
    }

    #[tokio::test]
    async fn a_patch_that_makes_the_order_invalid_sets_no_fingerprint() {
        let error = patched(r#"{"order":{"currency":"ABC"}}"#, MESSAGE)
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("/currency"), "{error}");
    }

    #[tokio::test]
    async fn a_patch_that_does_not_fit_is_an_error() {
        let operations = r#"[{"op":"remove","path":"/order/nothing"}]"#;
        for (text, body) in [
            (r#"{"a":1}"#, "not JSON"),
            (r#"{"a":1}"#, "[]"),
            (r#"{"a":1}"#, r#"{"b": {"c": 1, "c": 2}}"#),
            (operations, MESSAGE),
        ] {
            assert!(patched(text, body).await.is_err(), "{text} on {body}");
        }
        assert!(patch("3").is_err() && patch("[1]").is_err() && patch("{").is_err());
    }

    #[test]
    fn an_unchanged_text_is_not_sent_and_a_text_that_is_no_json_is_kept() {
        let file = || tempfile::NamedTempFile::new().unwrap();
        let queue = QueueName::Notifications;
        assert_eq!(
            read_edited(queue, "{}\n", "{}", file()).unwrap(),
            Repaired::Skipped
        );
        assert_eq!(read_edited(queue, "{}", "", file()).unwrap(), Repaired::Skipped);
        let changed = Repaired::Changed(json!({"a": 1}).to_string());
        assert_eq!(read_edited(queue, "{}", "{\"a\": 1}", file()).unwrap(), changed);
        let file = file();
        let path = file.path().to_owned();
        assert!(read_edited(queue, "{}", "{", file).is_err());
        assert!(path.exists());
        std::fs::remove_file(path).unwrap();
    }
}
