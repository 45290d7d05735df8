//! Disk space that is kept free for deletions.
//!
//! A deletion writes to the write-ahead log before it frees anything, so on a full disk it would fail like every other
//! write. A file beside the database occupies some space. When a commit fails, the file is removed: then deletions and
//! receives have room, while work that stores more is refused. It is written again when the disk has room again, which is
//! also how the writer finds out that it has.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Size of the file in bytes. It is the size that the write-ahead log has between two checkpoints.
const BYTES: usize = 16 * 1024 * 1024;
/// Size of one write in bytes.
const BLOCK: usize = 64 * 1024;
/// Free space in bytes at which the file is written (again): enough that the disk is not full at once.
const ROOM: u64 = 2 * BYTES as u64;
/// Time between two attempts to write the file again.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The file, and whether it had to be given up.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    /// When writing it again was last tried. `None` while it is there.
    given_up: Option<Instant>,
}

impl Reserve {
    /// Writes the file beside `database`, unless it is there. On a disk without room for it, the reserve is given up from
    /// the beginning.
    pub(crate) fn beside(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-reserve");
        let mut reserve = Self {
            path: path.into(),
            given_up: None,
        };
        if let Err(error) = reserve.fill() {
            tracing::warn!(%error, "the disk has no room for the reserve of {BYTES} bytes; work that stores more is refused");
            reserve.give_up();
        }
        reserve
    }

    /// Makes room by removing the file. Work that stores more is refused from now on.
    pub(crate) fn give_up(&mut self) {
        if self.given_up.is_some() {
            return;
        }
        // If it cannot be removed, deletions have as little room as before.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the reserve could not be removed");
        }
        self.given_up = Some(Instant::now());
    }

    /// Returns true if the disk is full, as far as is known. Looks for room again every second.
    pub(crate) fn is_given_up(&mut self) -> bool {
        let Some(tried) = self.given_up else {
            return false;
        };
        if tried.elapsed() < RETRY_INTERVAL {
            return true;
        }
        match self.fill() {
            Ok(()) => self.given_up = None,
            Err(error) => {
                tracing::debug!(%error, "the disk has no room for the reserve yet");
                // A part of it would take the room that deletions need.
                let _nothing_to_remove = std::fs::remove_file(&self.path);
                self.given_up = Some(Instant::now());
            }
        }
        self.given_up.is_some()
    }

    /// Writes bytes that a file system cannot compress.
    fn fill(&self) -> std::io::Result<()> {
        if std::fs::metadata(&self.path).is_ok_and(|metadata| metadata.len() >= BYTES as u64) {
            return Ok(());
        }
        let available = self.path.parent().map(rustix::fs::statvfs).transpose()?;
        if available.is_some_and(|disk| disk.f_bavail * disk.f_frsize < ROOM) {
            return Err(ErrorKind::StorageFull.into());
        }
        let mut bytes = Vec::with_capacity(BLOCK);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        while bytes.len() < BLOCK {
            // Marsaglia's xorshift.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend_from_slice(&state.to_le_bytes());
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&self.path)?;
        (0..BYTES / BLOCK).try_for_each(|_| file.write_all(&bytes))
    }
}
