//! How many orders the journal says were accepted, read as it grows.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

/// The orders of a journal.
#[derive(Debug)]
pub(super) struct Accepted {
    journal: PathBuf,
    /// Where the next line begins.
    offset: u64,
    ids: HashSet<String>,
}

/// What is looked at of a line: those of accepted orders have an id.
#[derive(Deserialize)]
struct Line {
    order_id: Option<String>,
}

impl Accepted {
    pub(super) fn of(journal: PathBuf) -> Self {
        Self {
            journal,
            offset: 0,
            ids: HashSet::new(),
        }
    }

    /// How many different orders had been accepted at the last look.
    pub(super) fn seen(&self) -> u64 {
        self.ids.len() as u64
    }

    /// Reads what was added since the last look; a line under construction is left for the next one.
    pub(super) fn read(&mut self) -> anyhow::Result<u64> {
        let mut file = match File::open(&self.journal) {
            Ok(file) => file,
            // The load has not begun.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error).context("the journal cannot be read"),
        };
        file.seek(SeekFrom::Start(self.offset))?;
        let mut added = String::new();
        file.read_to_string(&mut added)?;
        for line in added.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let entry: Line = serde_json::from_str(line).context("the journal is damaged")?;
            self.ids.extend(entry.order_id);
            self.offset += line.len() as u64;
        }
        Ok(self.seen())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn each_order_counts_once_and_half_a_line_not_yet() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let mut accepted = Accepted::of(path.clone());
        assert_eq!(accepted.read().unwrap(), 0);
        let mut file = File::create(&path).unwrap();
        file.write_all(b"{\"type\":\"run\"}\n{\"order_id\":\"a\"}\n{\"order_id\":\"a\"}\n{\"order_")
            .unwrap();
        assert_eq!(accepted.read().unwrap(), 1);
        file.write_all(b"id\":\"b\"}\n").unwrap();
        assert_eq!(accepted.read().unwrap(), 2);
    }
}
