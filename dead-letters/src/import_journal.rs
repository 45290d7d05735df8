//! The journal of an import, in a file beside the archive: `FILE.imported`.
//!
//! Before a batch is sent, its lines are written as `sending`; with the answer each line that was taken is written as `sent`,
//! with its new message id. Both are on disk before the import goes on. An import that starts again leaves out the lines that
//! were sent. A line that was being sent when the process died, or whose answer was lost, may have arrived or not: the
//! import looks for its content in the queue.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use terminal::text::quote_path;

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum Record {
    /// These lines of the archive are about to be sent.
    Sending { target: String, lines: Vec<u64> },
    /// These lines were sent, each with its new message id.
    Sent {
        target: String,
        lines: Vec<(u64, String)>,
    },
}

/// The record of earlier imports of this file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Past {
    /// Lines that are in the queue, or were.
    pub(super) sent: BTreeSet<u64>,
    /// Lines that may be in the queue.
    pub(super) uncertain: BTreeSet<u64>,
    /// The message ids of the lines that were sent.
    pub(super) message_ids: BTreeSet<String>,
}

/// The journal of the imports of one archive into one queue.
#[derive(Debug)]
pub(super) struct ImportJournal {
    path: PathBuf,
    file: File,
    target: String,
}

impl ImportJournal {
    /// Opens the journal of an archive, and reads what was done before. `target` names the queue. With `again` earlier
    /// imports are forgotten.
    pub(super) fn open(archive: &Path, target: String, again: bool) -> anyhow::Result<(Self, Past)> {
        use std::os::unix::fs::OpenOptionsExt;

        let mut path = archive.as_os_str().to_owned();
        path.push(".imported");
        let path = PathBuf::from(path);
        let cannot = || {
            format!(
                "{} cannot be used, the file of what is imported",
                quote_path(&path)
            )
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(_) if again => String::new(),
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(cannot),
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .with_context(cannot)?;
        if again {
            file.set_len(0).with_context(cannot)?;
        }
        let past = read(&text, &target);
        let mut journal = Self { path, file, target };
        if !text.is_empty() && !text.ends_with('\n') {
            journal.write("\n")?;
        }
        Ok((journal, past))
    }

    /// Records that lines are about to be sent.
    pub(super) fn sending(&mut self, lines: Vec<u64>) -> anyhow::Result<()> {
        let target = self.target.clone();
        self.append(&Record::Sending { target, lines })
    }

    /// Records lines that were sent, with their new message ids.
    pub(super) fn sent(&mut self, lines: BTreeMap<u64, String>) -> anyhow::Result<()> {
        let target = self.target.clone();
        // Pairs: serde reads no numbers as keys of a map in an enum with a tag.
        let lines = lines.into_iter().collect();
        self.append(&Record::Sent { target, lines })
    }

    fn append(&mut self, record: &Record) -> anyhow::Result<()> {
        let line = serde_json::to_string(record)?;
        self.write(&format!("{line}\n"))
    }

    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        let written = self.file.write_all(text.as_bytes());
        written
            .and_then(|()| self.file.sync_data())
            .with_context(|| format!("{} cannot be written", quote_path(&self.path)))
    }
}

/// Reads a journal. A last line that was cut off says nothing: its batch was not sent yet, or counts as uncertain.
fn read(text: &str, wanted: &str) -> Past {
    let mut past = Past::default();
    for record in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match record {
            Record::Sending { target, lines } if target == wanted => past.uncertain.extend(lines),
            Record::Sent { target, lines } if target == wanted => {
                for (line, message_id) in lines {
                    past.sent.insert(line);
                    past.message_ids.insert(message_id);
                }
            }
            Record::Sending { .. } | Record::Sent { .. } => {}
        }
    }
    past.uncertain.retain(|line| !past.sent.contains(line));
    past
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_says_what_was_sent_and_what_is_uncertain() {
        let directory = tempfile::tempdir().unwrap();
        let archive = directory.path().join("a.jsonl");
        let open = |target: &str, again| ImportJournal::open(&archive, target.to_owned(), again).unwrap();
        let (mut journal, past) = open("q", false);
        assert_eq!(past, Past::default());
        journal.sending(vec![1, 2, 3]).unwrap();
        journal
            .sent([(1, "m-1".to_owned()), (3, "m-3".to_owned())].into())
            .unwrap();
        // A crash in the middle of a record.
        journal.write(r#"{"state":"sending","target":"q","li"#).unwrap();
        let (mut journal, past) = open("q", false);
        assert_eq!(past.sent, [1, 3].into());
        assert_eq!(past.uncertain, [2].into());
        assert_eq!(past.message_ids, ["m-1".to_owned(), "m-3".to_owned()].into());
        journal.sending(vec![4]).unwrap();
        assert_eq!(open("q", false).1.uncertain, [2, 4].into());
        // Another queue or system has a past of its own.
        assert_eq!(open("other", false).1, Past::default());
        assert_eq!(open("q", true).1, Past::default());
        assert_eq!(open("q", false).1, Past::default());
    }
}
