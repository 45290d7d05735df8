//! The lock that prevents a second process from using the same data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use crate::error::DataDirError;

/// The number of further attempts to take the lock, and the pause before each.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// An exclusive lock on the file `lock` in the directory. The operating system releases it when the process
/// ends, in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn acquire(directory: &Path) -> Result<Self, DataDirError> {
        let path = directory.join("lock");
        let fail = |source| DataDirError::Io {
            path: path.clone(),
            source,
        };
        // Do not truncate the file yet: before this process has the lock, the content belongs to the holder.
        let mut options = OpenOptions::new();
        let mut file = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(fail)?;
        match Self::try_for_a_moment(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(fail)?;
                let pid = if pid.trim().is_empty() {
                    "unknown".to_owned()
                } else {
                    pid.trim().to_owned()
                };
                return Err(DataDirError::InUse {
                    path: directory.to_owned(),
                    pid,
                });
            }
            Err(TryLockError::Error(source)) => return Err(fail(source)),
        }
        file.set_len(0).map_err(fail)?;
        writeln!(file, "{}", std::process::id()).map_err(fail)?;
        Ok(Self { _file: file })
    }

    /// Tries again for a moment, because a client that looks whether the directory is in use holds the lock for an instant.
    fn try_for_a_moment(file: &File) -> Result<(), TryLockError> {
        let mut result = file.try_lock();
        for _ in 0..ATTEMPTS {
            if !matches!(result, Err(TryLockError::WouldBlock)) {
                break;
            }
            std::thread::sleep(PAUSE);
            result = file.try_lock();
        }
        result
    }
}
