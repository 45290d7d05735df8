//! Files and directories that only their owner may read.
//!
//! The data directory holds customers' names and addresses, and with `--strict-keys` an access key.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The starts of the names of this program's files. Other files in the directory may be somebody else's.
const OURS: [&str; 5] = [
    "lock",
    "endpoints.json",
    "outputs.json",
    "state.db",
    "dynamodb.db",
];

/// The folders of this program's files: the functions' logs, and the objects of S3.
const FOLDERS: [&str; 2] = ["logs", "objects"];

/// Creates a directory, and those above it, for the owner alone.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Creates an empty file for the owner alone, or leaves the file that is there.
///
/// `SQLite` gives the files beside a database, `-wal` and `-shm`, the mode of the database.
///
/// # Errors
/// The operating system's.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Writes a file for the owner alone. It replaces the content of a file that is there.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    io::Write::write_all(&mut file, content)
}

/// Takes the rights of others away from the directory, from the files of this program in it, and from its folders. Versions
/// before this one created them for everybody to read.
pub(crate) fn tighten(directory: &Path) -> io::Result<()> {
    restrict(directory, 0o700)?;
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_string_lossy();
        let is_ours = OURS.iter().any(|ours| {
            name.strip_prefix(ours)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
        });
        if kind.is_file() && is_ours {
            restrict(&entry.path(), 0o600)?;
        } else if kind.is_dir() && FOLDERS.contains(&&*name) {
            restrict(&entry.path(), 0o700)?;
            for file in std::fs::read_dir(entry.path())? {
                let file = file?;
                if file.file_type()?.is_file() {
                    restrict(&file.path(), 0o600)?;
                }
            }
        }
    }
    Ok(())
}

/// Sets the mode if it gives anybody else a right.
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    let for_others = std::fs::metadata(path)?.permissions().mode() & 0o077;
    if for_others == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_an_older_version_left_open_is_tightened_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("data");
        std::fs::create_dir_all(directory.join("logs")).unwrap();
        let ours = [
            "lock",
            "endpoints.json",
            "outputs.json.new",
            "state.db",
            "state.db-wal",
            "state.db-shm",
            "dynamodb.db.2.backup",
            "logs/order-api.log",
            "logs/order-api.log.1",
        ];
        let others = ["notes.txt", "state.dbx"];
        for name in ours.iter().chain(&others) {
            let path = directory.join(name);
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        }
        for path in [&directory, &directory.join("logs")] {
            std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        tighten(&directory).unwrap();
        for name in ours {
            assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
        }
        for name in others {
            assert_eq!(mode(&directory.join(name)), 0o644, "{name}");
        }
        assert_eq!((mode(&directory), mode(&directory.join("logs"))), (0o700, 0o700));
    }

    #[test]
    fn what_is_created_is_private() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a/b");
        create_directory(&directory).unwrap();
        let file = directory.join("state.db");
        create_private_file(&file).unwrap();
        write(&directory.join("endpoints.json"), b"{}").unwrap();
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
        assert_eq!(mode(&directory.join("endpoints.json")), 0o600);
    }
}
