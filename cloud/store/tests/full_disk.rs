//! Tests the store on a disk that is full. They need a small file system of their own, so they need root on Linux, and say
//! so where they cannot run.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cloud_store::{Durability, Location, Store, StoreError};

/// A small file system, unmounted when it is dropped.
struct SmallDisk {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl SmallDisk {
    /// Returns `None`, and prints the reason, if this process may not mount anything.
    fn mount(megabytes: usize) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let options = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&path)
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self {
                _directory: directory,
                path,
            }),
            Ok(output) => {
                eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                eprintln!("skipped: mount: {error}");
                None
            }
        }
    }

    /// Fills what is free, and returns the file that does.
    fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.path.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            let block = vec![1; size];
            while file.write_all(&block).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _result = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

const MIGRATIONS: [&str; 1] = ["CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"];

fn open(directory: &Path) -> Store {
    let location = Location::Disk(directory.join("state.db"));
    Store::open(&location, Durability::Process, &MIGRATIONS).unwrap()
}

async fn add(store: &Store) -> Result<(), StoreError> {
    store
        .grow(|tx| {
            tx.execute("INSERT INTO rows (text) VALUES (?1)", ["x".repeat(50_000)])?;
            Ok(())
        })
        .await
}

async fn count(store: &Store) -> i64 {
    let count = |tx: &cloud_store::Tx<'_>| {
        Ok::<_, StoreError>(tx.query_row("SELECT COUNT(*) FROM rows", [], |row| row.get(0))?)
    };
    store.run(count).await.unwrap()
}

/// Deletes the oldest row.
async fn delete(store: &Store) -> Result<(), StoreError> {
    store
        .run(|tx| {
            tx.execute("DELETE FROM rows WHERE id = (SELECT MIN(id) FROM rows)", [])?;
            Ok(())
        })
        .await
}

/// Waits until the store takes more, without a restart.
async fn until_it_grows(store: &Store) {
    let grows = async {
        while add(store).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), grows).await.unwrap();
}

#[tokio::test]
async fn on_a_full_disk_reads_and_deletions_go_on_and_everything_works_again_when_it_has_room() {
    let Some(disk) = SmallDisk::mount(96) else {
        return;
    };
    let store = open(&disk.path);
    for _ in 0..200 {
        add(&store).await.unwrap();
    }
    let filler = disk.fill();
    let mut added = 200;
    // The write-ahead log has some room of its own.
    while add(&store).await.is_ok() {
        added += 1;
    }
    assert!(store.is_failing());
    assert!(store.last_failed_commit().is_some());
    assert!(matches!(add(&store).await, Err(StoreError::DiskFull)));
    assert_eq!(count(&store).await, added);
    for _ in 0..added {
        delete(&store).await.unwrap();
    }
    assert_eq!(count(&store).await, 0);
    assert!(store.is_full(), "the disk is full until somebody makes room");
    std::fs::remove_file(filler).unwrap();
    until_it_grows(&store).await;
    assert!(!store.is_failing());
    store.close().await;
    assert_eq!(count(&open(&disk.path)).await, 1);
}

#[tokio::test]
async fn a_start_on_a_full_disk_can_read_and_delete() {
    let Some(disk) = SmallDisk::mount(64) else {
        return;
    };
    let store = open(&disk.path);
    add(&store).await.unwrap();
    store.close().await;
    drop(store);
    std::fs::remove_file(disk.path.join("state.db-reserve")).unwrap();
    // Deletions need a little.
    std::fs::write(disk.path.join("room"), vec![1; 1 << 20]).unwrap();
    let filler = disk.fill();
    std::fs::remove_file(disk.path.join("room")).unwrap();
    let store = open(&disk.path);
    assert!(matches!(add(&store).await, Err(StoreError::DiskFull)));
    assert_eq!(count(&store).await, 1);
    delete(&store).await.unwrap();
    std::fs::remove_file(filler).unwrap();
    until_it_grows(&store).await;
}
