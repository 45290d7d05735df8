//! Writing an archive file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::archive::ArchiveEntry;
use crate::scan::ReceivedLetter;

/// A new archive file. Only its owner may read it, since it holds whole messages.
#[derive(Debug)]
pub(super) struct ArchiveFile {
    path: PathBuf,
    file: BufWriter<File>,
}

impl ArchiveFile {
    /// Creates the file. It is an error if the file exists.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;

        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = file.with_context(|| {
            format!(
                "{} cannot be created; an older file is not overwritten",
                path.display()
            )
        })?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
        })
    }

    /// The file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends letters.
    pub(super) fn append(&mut self, letters: &[ReceivedLetter]) -> anyhow::Result<()> {
        let written = letters.iter().try_for_each(|found| {
            let line = serde_json::to_string(&ArchiveEntry::new(found))?;
            writeln!(self.file, "{line}")
        });
        written.with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Returns when all that was appended is on disk.
    pub(super) fn sync(&mut self) -> anyhow::Result<()> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_file_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("letters.jsonl");
        std::fs::write(&path, "older").unwrap();
        assert!(ArchiveFile::create(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "older");
    }
}
