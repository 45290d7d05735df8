//! Writing the journal: lines that wait at the same time share one `fsync`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

/// Lines that share one `fsync` at most, and that wait for it.
const GROUP: usize = 512;

/// A line that waits to be on the disk.
struct Line {
    text: String,
    written: oneshot::Sender<Result<(), String>>,
}

/// A file of JSON Lines that is appended to by a thread of its own.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    lines: mpsc::Sender<Line>,
}

impl Writer {
    /// Opens the file, creating it if need be. A last line that was cut off by a crash never counted, and is removed.
    pub(crate) fn append_to(path: &Path) -> anyhow::Result<Self> {
        let fail = || format!("{} cannot be written", path.display());
        let file = open(path).with_context(fail)?;
        let (lines, waiting) = mpsc::channel(GROUP);
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(file, waiting))
            .with_context(fail)?;
        Ok(Self { lines })
    }

    /// Appends one line; it is on the disk when this returns.
    pub(crate) async fn append(&self, entry: &impl Serialize) -> anyhow::Result<()> {
        let mut text = serde_json::to_string(entry)?;
        text.push('\n');
        let (written, outcome) = oneshot::channel();
        let line = Line { text, written };
        let is_taken = self.lines.send(line).await.is_ok();
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

/// Serves lines until every handle is gone. After an error nothing more is written: what stands behind half a line
/// could not be read.
fn write_all(mut file: File, mut waiting: mpsc::Receiver<Line>) {
    let mut group = Vec::with_capacity(GROUP);
    let mut failure = None;
    while waiting.blocking_recv_many(&mut group, GROUP) > 0 {
        if failure.is_none() {
            let text: String = group.iter().map(|line| line.text.as_str()).collect();
            failure = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_data())
                .err()
                .map(|error| error.to_string());
        }
        for line in group.drain(..) {
            // Who does not wait any more does not need the answer.
            let _ = line.written.send(failure.clone().map_or(Ok(()), Err));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_that_was_cut_off_is_replaced_and_whole_ones_are_kept() {
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
    async fn a_disk_that_refuses_is_told_to_everyone() {
        // Writing to it fails with "no space left on device".
        let Ok(file) = OpenOptions::new().write(true).open("/dev/full") else {
            return;
        };
        let (lines, waiting) = mpsc::channel(1);
        let thread = std::thread::spawn(move || write_all(file, waiting));
        let writer = Writer { lines };
        assert!(writer.append(&1).await.is_err());
        assert!(writer.append(&2).await.is_err());
        drop(writer);
        thread.join().unwrap();
    }
}
