//! The bytes of objects: one file for each write, in the folder `objects` of the data directory.
//!
//! A file has its last byte before a row of the store names it, and until then its name ends with `.part`. So no reader sees
//! half an object, also after `kill -9`. Files that no row names are removed at the next start.

use std::collections::HashSet;
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use cloud_store::Durability;
use futures_util::{Stream, StreamExt};
use md5::{Digest, Md5};
use s3s::StdError;
use s3s::checksum::ChecksumHasher;
use s3s::dto::Checksum;
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::error::S3Failure;

/// The end of the names of files that are not complete.
const UNFINISHED: &str = ".part";

/// The folder of the files. Cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    folder: Arc<Path>,
    durability: Durability,
    /// Removes the folder of a state in memory at the end.
    _temporary: Option<Arc<TempDir>>,
}

/// A file that has been written and that no row names yet. Dropping it removes the file.
#[derive(Debug)]
pub(crate) struct Written {
    name: String,
    path: PathBuf,
    kept: bool,
    /// Number of bytes.
    pub(crate) size: i64,
    /// The MD5 digest in hexadecimal, which is the `ETag` of an object that is written at once.
    pub(crate) md5: String,
    /// The checksums that were asked for.
    pub(crate) checksum: Checksum,
}

impl Written {
    /// The name of the file, for the row.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Keeps the file, because a row names it.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "a file of an object that was not stored could not be removed");
        }
    }
}

/// An unfinished file, removed when it is dropped.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The file is not there any more when it was finished.
        let _renamed = std::fs::remove_file(&self.0);
    }
}

impl Files {
    /// Opens the folder below the data directory. `None` takes a folder that is removed at the end.
    pub(crate) fn open(directory: Option<&Path>, durability: Durability) -> io::Result<Self> {
        let (folder, temporary) = if let Some(directory) = directory {
            (directory.join("objects"), None)
        } else {
            let temporary = TempDir::with_prefix("orders-objects-")?;
            (temporary.path().to_owned(), Some(Arc::new(temporary)))
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self {
            folder: folder.into(),
            durability,
            _temporary: temporary,
        })
    }

    /// Removes all files that are not `named`. Returns how many.
    pub(crate) fn sweep(&self, named: &HashSet<String>) -> io::Result<usize> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !named.contains(entry.file_name().to_string_lossy().as_ref()) {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Writes all bytes of a stream to a new file. It fails if there are more than `limit`.
    pub(crate) async fn write<S>(
        &self,
        mut bytes: S,
        mut hasher: ChecksumHasher,
        limit: i64,
    ) -> Result<Written, S3Failure>
    where
        S: Stream<Item = Result<Bytes, StdError>> + Unpin,
    {
        let name = Uuid::new_v4().to_string();
        let path = self.folder.join(&name);
        let unfinished = Unfinished(self.folder.join(format!("{name}{UNFINISHED}")));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = File::from_std(options.open(&unfinished.0)?);
        let (mut md5, mut size) = (Md5::new(), 0_i64);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(|error| broken_stream(&error))?;
            size += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
            if size > limit {
                return Err(S3Failure::EntityTooLarge);
            }
            md5.update(&chunk);
            hasher.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        if self.durability == Durability::Power {
            file.sync_all().await?;
        }
        tokio::fs::rename(&unfinished.0, &path).await?;
        let written = Written {
            name,
            path,
            kept: false,
            size,
            md5: hex(&md5.finalize()),
            checksum: hasher.finalize(),
        };
        if self.durability == Durability::Power {
            File::open(&self.folder).await?.sync_all().await?;
        }
        Ok(written)
    }

    /// Opens the file of an object.
    pub(crate) async fn read(&self, name: &str) -> io::Result<File> {
        File::open(self.folder.join(name)).await
    }

    /// Removes a file that no row names any more. Whoever reads it reads on.
    pub(crate) fn remove(&self, name: &str) {
        if let Err(error) = std::fs::remove_file(self.folder.join(name)) {
            // The next start removes it.
            tracing::warn!(%error, "the file of a deleted object could not be removed");
        }
    }
}

/// Turns the end of a stream that is not its end into a failure. The wire library wraps its reasons, so their words decide.
fn broken_stream(error: &StdError) -> S3Failure {
    let text = format!("{error:?} {error}");
    if text.contains("ChecksumMismatch") {
        S3Failure::BadDigest("SHA256")
    } else if text.contains("SignatureMismatch") {
        S3Failure::AccessDenied(
            "The request signature we calculated does not match the signature you provided.".to_owned(),
        )
    } else {
        S3Failure::IncompleteBody
    }
}

/// Writes bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
