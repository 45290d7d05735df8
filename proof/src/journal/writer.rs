//! Writing a journal. Entries that wait at the same time share one `fsync`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

/// The most entries that share one `fsync`, and the most that wait for it.
const GROUP: usize = 512;

/// An entry that waits to be written.
struct WaitingEntry {
    text: String,
    written: oneshot::Sender<Result<(), String>>,
}

/// Appends JSON Lines to a file, by a thread of its own.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    entries: mpsc::Sender<WaitingEntry>,
}

impl Writer {
    /// Opens the file, or creates it. Removes a last line without a line break: a crash truncated it, and it was never
    /// counted.
    pub(crate) fn append_to(path: &Path) -> anyhow::Result<Self> {
        let fail = || format!("{} cannot be written", path.display());
        let file = open(path).with_context(fail)?;
        let (entries, waiting) = mpsc::channel(GROUP);
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(file, waiting))
            .with_context(fail)?;
        Ok(Self { entries })
    }

    /// Appends one entry. It is on disk when this returns.
    pub(crate) async fn append(&self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string(value)?;
        text.push('\n');
        let (written, outcome) = oneshot::channel();
        let entry = WaitingEntry { text, written };
        let is_taken = self.entries.send(entry).await.is_ok();
        let outcome = if is_taken { outcome.await.ok() } else { None };
        outcome
            .unwrap_or_else(|| Err("its writer has ended".to_owned()))
            .map_err(|reason| anyhow::anyhow!("the journal cannot be written: {reason}"))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    // A usize of a file's length fits u64 on every platform that Rust has.
    let end = u64::try_from(whole).map_err(io::Error::other)?;
    if whole < text.len() {
        file.set_len(end)?;
    }
    file.seek(SeekFrom::Start(end))?;
    Ok(file)
}

/// Writes entries until every [`Writer`] is dropped. After an error it writes no more, since an entry after half a line
/// could not be parsed.
fn write_all(mut file: File, mut waiting: mpsc::Receiver<WaitingEntry>) {
    let mut group = Vec::with_capacity(GROUP);
    let mut failure = None;
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        if failure.is_none() {
            let text: String = group.iter().map(|entry| entry.text.as_str()).collect();
            failure = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_data())
                .err()
                .map(|error| error.to_string());
        }
        for entry in group.drain(..) {
            // The caller may have stopped waiting.
            let _ = entry.written.send(failure.clone().map_or(Ok(()), Err));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_truncated_line_is_replaced_and_whole_lines_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        std::fs::write(&path, "1\n2\n{\"half").unwrap();
        let writer = Writer::append_to(&path).unwrap();
        let (three, four) = tokio::join!(writer.append(&3), writer.append(&4));
        three.unwrap();
        four.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n2\n3\n4\n");
    }

    #[tokio::test]
    async fn every_caller_learns_of_a_full_disk() {
        // Writing to it fails with "no space left on device".
        let Ok(file) = OpenOptions::new().write(true).open("/dev/full") else {
            return;
        };
        let (entries, waiting) = mpsc::channel(1);
        let thread = std::thread::spawn(move || write_all(file, waiting));
        let writer = Writer { entries };
        assert!(writer.append(&1).await.is_err());
        assert!(writer.append(&2).await.is_err());
        drop(writer);
        thread.join().unwrap();
    }
}
