//! A log file that does not grow for ever.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// A file and at most one older one, `NAME.1`.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    max_bytes: u64,
    /// Whether the last line could not be written.
    pub(crate) failing: bool,
}

impl LogFile {
    /// Opens the file to append to it. Only its owner may read it.
    pub(crate) fn open(path: PathBuf, max_bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)?;
        let bytes = file.metadata()?.len();
        Ok(Self {
            path,
            file,
            bytes,
            max_bytes,
            failing: false,
        })
    }

    /// Appends whole lines. One write keeps the lines of several processes apart.
    pub(crate) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.bytes > 0 && self.bytes + lines.len() as u64 > self.max_bytes {
            self.rotate()?;
        }
        self.file.write_all(lines)?;
        self.bytes += lines.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let mut older = self.path.clone().into_os_string();
        older.push(".1");
        std::fs::rename(&self.path, older)?;
        let failing = self.failing;
        *self = Self {
            failing,
            ..Self::open(self.path.clone(), self.max_bytes)?
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_full_is_replaced_and_one_older_one_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("f.log");
        for number in 0..10 {
            // Each start goes on with the file that is there.
            let mut file = LogFile::open(path.clone(), 30).unwrap();
            file.append(format!("line {number}.1\n").as_bytes()).unwrap();
            file.append(format!("line {number}.2\n").as_bytes()).unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(read("f.log.1"), "line 7.2\nline 8.1\nline 8.2\n".to_owned());
        assert_eq!(read("f.log"), "line 9.1\nline 9.2\n");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
