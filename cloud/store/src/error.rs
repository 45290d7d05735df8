//! Why the store could not do a job.

use std::path::PathBuf;
use std::sync::Arc;

/// The reason why the store could not do a job.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite returned an error.
    #[error("the database failed: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The job panicked. Its changes were rolled back.
    #[error("the job panicked and was rolled back")]
    Panicked,
    /// SQLite rolled back the whole transaction, for example because the disk is full.
    #[error("the database rolled back the transaction")]
    RolledBack,
    /// The disk is full. Work that stores more is refused until it has room again.
    #[error("the disk is full")]
    DiskFull,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The writer thread could not be started.
    #[error("the writer thread could not be started: {0}")]
    Thread(Arc<std::io::Error>),
    /// A newer version of this program wrote the file.
    #[error(
        "{} was written by a newer version of this program: its schema has version {found}, this program knows versions \
         up to {known}; nothing was changed: use the newer program, or another data directory",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The file is not a database, or cannot be read.
    #[error("{} cannot be opened: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: Arc<rusqlite::Error>,
    },
    /// The copy of a file before its migration could not be written.
    #[error("the copy {} cannot be written: {reason}; nothing was changed", path.display())]
    Copy {
        /// The copy.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// A copy or a migration was cancelled. Nothing was changed.
    #[error("the upgrade was cancelled; nothing was changed")]
    Cancelled,
    /// A migration failed.
    #[error("the database could not be migrated: {0}")]
    Migration(Arc<rusqlite_migration::Error>),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<rusqlite_migration::Error> for StoreError {
    fn from(error: rusqlite_migration::Error) -> Self {
        Self::Migration(Arc::new(error))
    }
}
