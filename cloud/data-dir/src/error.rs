//! Why a data directory cannot be used.

use std::io;
use std::path::PathBuf;

/// A data directory that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process uses it.
    #[error("the data directory {} is in use by process {pid}", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The id of that process, or `unknown` if the process has not written it yet.
        pid: String,
    },
    /// A file system error.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or directory that could not be read or written.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}
