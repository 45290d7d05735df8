//! Where a database lies, and what its commits survive.

use std::path::PathBuf;

/// Where the database is stored.
#[derive(Clone, Debug)]
pub enum Location {
    /// In this file. SQLite creates files with the suffixes `-wal` and `-shm` beside it.
    Disk(PathBuf),
    /// In memory. It is lost when the process ends.
    Memory,
}

/// Which kind of failure a committed transaction survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `kill -9` of the process. The WAL is written, but the operating system may not have it on the disk yet
    /// (`synchronous=NORMAL`).
    #[default]
    Process,
    /// A power cut as well. Each commit waits for the disk (`synchronous=FULL`).
    Power,
}
