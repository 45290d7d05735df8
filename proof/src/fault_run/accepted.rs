//! Counting the accepted orders in a growing journal.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

/// The accepted orders of a journal.
#[derive(Debug)]
pub(super) struct AcceptedOrders {
    journal: PathBuf,
    /// The offset of the next unread line.
    offset: u64,
    ids: HashSet<String>,
}

/// The field of an entry that is needed: only an accepted order has an id.
#[derive(Deserialize)]
struct AcceptedEntry {
    order_id: Option<String>,
}

impl AcceptedOrders {
    pub(super) fn of(journal: PathBuf) -> Self {
        Self {
            journal,
            offset: 0,
            ids: HashSet::new(),
        }
    }

    /// The number of different orders that were read.
    pub(super) fn count(&self) -> u64 {
        self.ids.len() as u64
    }

    /// Reads the entries that were added, and returns the new count. A line without its end is left for the next time.
    pub(super) fn read_new(&mut self) -> anyhow::Result<u64> {
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
            let entry: AcceptedEntry = serde_json::from_str(line).context("the journal is damaged")?;
            self.ids.extend(entry.order_id);
            self.offset += line.len() as u64;
        }
        Ok(self.count())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn each_order_counts_once_and_half_a_line_does_not_count() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let mut accepted = AcceptedOrders::of(path.clone());
        assert_eq!(accepted.read_new().unwrap(), 0);
        let mut file = File::create(&path).unwrap();
        file.write_all(b"{\"type\":\"run\"}\n{\"order_id\":\"a\"}\n{\"order_id\":\"a\"}\n{\"order_")
            .unwrap();
        assert_eq!(accepted.read_new().unwrap(), 1);
        file.write_all(b"id\":\"b\"}\n").unwrap();
        assert_eq!(accepted.read_new().unwrap(), 2);
    }
}
