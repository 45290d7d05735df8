//! Where a database lies, and what its commits survive.

use std::path::PathBuf;

/// Where the database lies.
#[derive(Clone, Debug)]
pub enum Location {
    /// In this file; SQLite adds `-wal` and `-shm` beside it.
    Disk(PathBuf),
    /// In memory: gone with the process.
    Memory,
}

/// What a committed transaction survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `kill -9` of the process: the log is written, the operating system may still hold it (`synchronous=NORMAL`).
    #[default]
    Process,
    /// A power cut as well: each commit waits for the disk (`synchronous=FULL`).
    Power,
}
