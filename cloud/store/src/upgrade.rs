//! What happens to a database file before it is migrated: its version is checked, and a copy of it is kept.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::error::StoreError;

/// Time between two reports of a long step.
const REPORT_INTERVAL: Duration = Duration::from_secs(2);
/// Instructions of SQLite's virtual machine between two looks at the time and the cancellation.
const LOOK_EVERY: i32 = 10_000;

/// Ends a copy or a migration that somebody no longer waits for. What it had changed is rolled back.
#[derive(Clone, Debug, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Asks for the end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_asked_for(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The version of a file, compared with what this program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaAge {
    /// There is no file yet, or nothing is in it.
    New,
    /// The version that this program writes.
    Current,
    /// An older version.
    Older(i64),
}

/// Reads the version of the file with `version_sql`, and refuses a newer one than `known`. Changes nothing.
///
/// Call it for all files before the first of them is migrated: a file that is refused then leaves the others as they are.
pub fn examine(path: &Path, version_sql: &str, known: i64) -> Result<SchemaAge, StoreError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > 0 => {}
        // If the file cannot be read for another reason, opening it fails with that reason.
        _ => return Ok(SchemaAge::New),
    }
    let unreadable = |error: rusqlite::Error| StoreError::Unreadable {
        path: path.to_owned(),
        reason: Arc::new(error),
    };
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(unreadable)?;
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(unreadable)?;
    let found = connection.query_row(version_sql, [], |row| row.get(0)).optional();
    let found: i64 = match found {
        Err(_) if tables == 0 => 0,
        found => found.map_err(unreadable)?.unwrap_or(0),
    };
    match found {
        0 if tables == 0 => Ok(SchemaAge::New),
        found if found > known => Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        }),
        found if found == known => Ok(SchemaAge::Current),
        found => Ok(SchemaAge::Older(found)),
    }
}

/// Copies the file to `NAME.version-N` beside it, before a migration from version N. An older copy is replaced.
pub fn keep_copy(path: &Path, version: i64, cancellation: &Cancellation) -> Result<PathBuf, StoreError> {
    let beside = |suffix: String| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (copy, new) = (
        beside(format!(".version-{version}")),
        beside(format!(".version-{version}.new")),
    );
    let failed = |reason: String| StoreError::Copy {
        path: copy.clone(),
        reason,
    };
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error.to_string())),
        _ => {}
    }
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    tracing::info!(
        "{} has version {version}: it is copied to {} before it is upgraded",
        path.display(),
        copy.display()
    );
    let to = new
        .to_str()
        .ok_or_else(|| failed("its path is not UTF-8".to_owned()))?;
    watch(&connection, format!("copying {}", path.display()), cancellation);
    connection.execute("VACUUM INTO ?1", [to]).map_err(|error| {
        if is_interruption(&error) {
            StoreError::Cancelled
        } else {
            failed(error.to_string())
        }
    })?;
    File::open(&new)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&new, &copy))
        .map_err(|error| failed(error.to_string()))?;
    Ok(copy)
}

/// Reports a long step of `connection` every two seconds, and ends it when it is cancelled, until [`unwatch`].
pub(crate) fn watch(connection: &Connection, what: String, cancellation: &Cancellation) {
    let (begun, mut reported) = (Instant::now(), Instant::now());
    let cancellation = cancellation.clone();
    let look = move || {
        if reported.elapsed() >= REPORT_INTERVAL {
            reported = Instant::now();
            tracing::info!("{what}: {} s so far", begun.elapsed().as_secs());
        }
        cancellation.is_asked_for()
    };
    connection.progress_handler(LOOK_EVERY, Some(look));
}

/// Ends [`watch`].
pub(crate) fn unwatch(connection: &Connection) {
    connection.progress_handler(0, None::<fn() -> bool>);
}

/// Tells a cancellation from other errors.
pub(crate) fn is_interruption(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "SELECT user_version FROM pragma_user_version";

    fn file(directory: &tempfile::TempDir, sql: &str) -> PathBuf {
        let path = directory.path().join("state.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    }

    #[test]
    fn a_file_is_new_current_older_or_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        assert_eq!(examine(&path, VERSION, 4).unwrap(), SchemaAge::New);
        file(&directory, "CREATE TABLE t (n INTEGER); PRAGMA user_version = 4");
        assert_eq!(examine(&path, VERSION, 4).unwrap(), SchemaAge::Current);
        assert_eq!(examine(&path, VERSION, 5).unwrap(), SchemaAge::Older(4));
        let error = examine(&path, VERSION, 3).unwrap_err().to_string();
        assert!(error.starts_with(path.to_str().unwrap()), "{error}");
        assert!(
            error.contains("version 4") && error.contains("up to 3"),
            "{error}"
        );
    }

    #[test]
    fn a_file_that_is_no_database_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        std::fs::write(&path, "x".repeat(5000)).unwrap();
        let error = examine(&path, VERSION, 3).unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
    }

    #[test]
    fn a_copy_holds_what_the_write_ahead_log_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.db");
        let open = Connection::open(&path).unwrap();
        open.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (7)")
            .unwrap();
        let copy = keep_copy(&path, 2, &Cancellation::default()).unwrap();
        assert_eq!(copy, directory.path().join("state.db.version-2"));
        let copy = Connection::open(copy).unwrap();
        let number: i64 = copy.query_row("SELECT n FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(number, 7);
    }

    #[test]
    fn a_copy_that_is_cancelled_ends() {
        let directory = tempfile::tempdir().unwrap();
        let rows = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000)";
        let path = file(
            &directory,
            &format!("CREATE TABLE t (n INTEGER); INSERT INTO t {rows} SELECT n FROM c"),
        );
        let cancellation = Cancellation::default();
        cancellation.cancel();
        assert!(matches!(
            keep_copy(&path, 1, &cancellation),
            Err(StoreError::Cancelled)
        ));
        assert!(!directory.path().join("state.db.version-1").exists());
    }
}
