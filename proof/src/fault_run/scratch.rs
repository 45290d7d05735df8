//! The directory of a run.

use std::path::{Path, PathBuf};

use anyhow::Context;
use uuid::Uuid;

/// The template of the system.
pub(super) const TEMPLATE: &str = include_str!("../../../template.yaml");
/// The visibility timeout of the run, in seconds: a message whose process was killed is delivered again after it. The
/// template follows AWS's advice of six times the function's timeout, with which each kill would cost minutes. A shorter one
/// is also the harder test: a slow batch is delivered to a second process while the first still handles it.
pub(super) const VISIBILITY_TIMEOUT: u64 = 8;
const PROPERTY: &str = "VisibilityTimeout:";

/// A new directory for each run.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Creates the directory and writes the template of the run into it, with other visibility timeouts (in seconds).
    pub(super) fn create(template: &str, visibility_timeout: u64) -> anyhow::Result<Self> {
        let name = format!("orders-fault-run-{}", Uuid::new_v4().simple());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).with_context(|| format!("{} cannot be created", path.display()))?;
        let scratch = Self(path);
        std::fs::write(
            scratch.file("template.yaml"),
            set_visibility_timeouts(template, visibility_timeout)?,
        )?;
        Ok(scratch)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.file("journal.jsonl")
    }

    /// The last lines of a log, for an error text.
    pub(super) fn tail(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.file(name)).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(5).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    pub(super) fn remove(self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} cannot be removed: {error}", self.0.display());
        }
    }
}

/// Sets the visibility timeouts of a template.
fn set_visibility_timeouts(template: &str, seconds: u64) -> anyhow::Result<String> {
    let mut found = false;
    let lines = template.lines().map(|line| match line.find(PROPERTY) {
        Some(indent) if line[..indent].trim().is_empty() => {
            found = true;
            format!("{}{PROPERTY} {seconds}\n", &line[..indent])
        }
        _ => format!("{line}\n"),
    });
    let template = lines.collect();
    anyhow::ensure!(found, "the template sets no {PROPERTY}");
    Ok(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_visibility_timeout_is_set_and_nothing_else() {
        let text =
            "a:\n  VisibilityTimeout: 210\n  # VisibilityTimeout: stays\nb:\n  VisibilityTimeout: !Ref X\n";
        assert_eq!(
            set_visibility_timeouts(text, 8).unwrap(),
            "a:\n  VisibilityTimeout: 8\n  # VisibilityTimeout: stays\nb:\n  VisibilityTimeout: 8\n"
        );
        assert!(set_visibility_timeouts("a: 1\n", 8).is_err());
        assert!(set_visibility_timeouts(TEMPLATE, 8).is_ok());
    }
}
