//! The order in which the two databases become durable.
//!
//! A worker inserts a row into `dynamodb.db` and then deletes the message from `state.db`. With `--sync normal` neither
//! commit waits for the disk, and after a power cut each file may have lost its last moments. If the deletion were on the
//! disk and the row were not, the order would be lost. So before a deletion is committed, the log of `dynamodb.db` is
//! written to the disk: the row is durable no later than the deletion. Within `state.db` the order is that of its one log.
//!
//! With `--sync full` each commit is durable before it is answered, and nothing is to do here.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The write-ahead log of the tables.
#[derive(Debug)]
pub(crate) struct TableLog {
    directory: PathBuf,
    path: PathBuf,
    /// Whether the directory's entry of the log is durable.
    entry_synced: AtomicBool,
    /// Length of the log when it was last written to the disk.
    pub(crate) synced_bytes: AtomicU64,
}

impl TableLog {
    /// The log of `dynamodb.db` in a data directory.
    pub(crate) fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            path: directory.join("dynamodb.db-wal"),
            entry_synced: AtomicBool::new(false),
            synced_bytes: AtomicU64::new(0),
        }
    }

    /// Writes to the disk what the log holds now.
    ///
    /// SQLite itself does that before it copies the log into the database file, so that a log which starts again at its
    /// beginning has lost nothing. SQLite locks the other two files, not this one, so that closing it here releases no lock.
    pub(crate) fn sync(&self) -> io::Result<()> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let bytes = file.metadata()?.len();
        file.sync_data()?;
        if !self.entry_synced.load(Ordering::Relaxed) {
            File::open(&self.directory)?.sync_all()?;
            self.entry_synced.store(true, Ordering::Relaxed);
        }
        self.synced_bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }
}
