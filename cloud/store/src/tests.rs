use rusqlite::{Connection, params};
use tokio::sync::mpsc;

use super::*;

/// A table, as a service would bring it.
const MIGRATIONS: [&str; 1] = ["CREATE TABLE topics (arn TEXT PRIMARY KEY, attributes TEXT NOT NULL);"];

fn write(tx: &Tx<'_>, name: &str) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO topics (arn, attributes) VALUES (?1, '{}')",
        params![name],
    )?;
    Ok(())
}

async fn names(store: &Store) -> Vec<String> {
    store
        .run(|tx| {
            let mut statement = tx.prepare("SELECT arn FROM topics ORDER BY arn")?;
            let rows = statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<Vec<String>, _>>()?;
            Ok::<_, StoreError>(rows)
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_failing_or_panicking_job_is_rolled_back_alone() {
    let store = Store::open(&Location::Memory, Durability::Process, &MIGRATIONS).unwrap();
    let twice = |name| {
        store.run(move |tx| {
            write(tx, name)?;
            write(tx, name)
        })
    };
    let first = twice("first");
    let good = store.run(|tx| write(tx, "good"));
    let bad = twice("bad");
    let ugly = store.run(|tx| {
        write(tx, "ugly")?;
        panic!("on purpose");
        #[expect(unreachable_code, reason = "gives the closure its type")]
        Ok::<(), StoreError>(())
    });
    let also_good = store.run(|tx| write(tx, "good too"));
    let (first, good, bad, ugly, also_good) = tokio::join!(first, good, bad, ugly, also_good);
    good.unwrap();
    for failed in [first, bad] {
        assert!(matches!(failed, Err(StoreError::Sqlite(_))));
    }
    assert!(matches!(ugly, Err(StoreError::Panicked)));
    also_good.unwrap();
    assert_eq!(names(&store).await, ["good", "good too"]);
}

#[tokio::test]
async fn effects_run_after_the_commit_and_only_for_jobs_that_succeeded() {
    let store = Store::open(&Location::Memory, Durability::Process, &MIGRATIONS).unwrap();
    let (seen, mut effects) = mpsc::unbounded_channel();
    for (name, fails) in [("one", false), ("two", true), ("three", false)] {
        let seen = seen.clone();
        let _outcome = store
            .run(move |tx| {
                tx.on_commit(move || seen.send(name).unwrap());
                if fails { Err(StoreError::Closed) } else { Ok(()) }
            })
            .await;
    }
    drop(seen);
    assert_eq!(effects.recv().await, Some("one"));
    assert_eq!(effects.recv().await, Some("three"));
    assert_eq!(effects.recv().await, None);
}

#[tokio::test]
async fn an_answered_write_is_there_after_closing_and_opening() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Disk(directory.path().join("state.db"));
    let store = Store::open(&location, Durability::Power, &MIGRATIONS).unwrap();
    store.run(|tx| write(tx, "kept")).await.unwrap();
    store.close().await;
    assert!(matches!(
        store.run(|tx| write(tx, "late")).await,
        Err(StoreError::Closed)
    ));
    let store = Store::open(&location, Durability::Process, &MIGRATIONS).unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let error = Store::open(&Location::Disk(path), Durability::Process, &MIGRATIONS).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }));
}

#[tokio::test]
async fn a_cancelled_migration_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let location = Location::Disk(path.clone());
    Store::open(&location, Durability::Process, &MIGRATIONS)
        .unwrap()
        .close()
        .await;
    let long =
        "CREATE TABLE n AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 50000)
                SELECT n FROM c;";
    let steps = [MIGRATIONS[0], long];
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let opened = Store::open_cancellable(&location, Durability::Process, &steps, &cancellation);
    assert!(matches!(opened, Err(StoreError::Cancelled)), "{opened:?}");
    assert_eq!(Store::examine(&location, &steps).unwrap(), SchemaAge::Older(1));
    let store = Store::open(&location, Durability::Process, &steps).unwrap();
    store.close().await;
}

/// Commits enough pages for several checkpoints. The WAL must not grow without bound.
#[tokio::test]
async fn checkpoints_run_while_the_writer_continues_and_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    let location = Location::Disk(path.clone());
    let store = Store::open(&location, Durability::Process, &MIGRATIONS).unwrap();
    let text = "x".repeat(100_000);
    // About 40,000 pages, in transactions of about 250 pages.
    for number in 0..1600 {
        let text = text.clone();
        let write = store.run(move |tx| {
            tx.execute(
                "INSERT INTO topics (arn, attributes) VALUES (?1, ?2)",
                params![number.to_string(), text],
            )?;
            Ok::<_, StoreError>(())
        });
        write.await.unwrap();
    }
    let log = std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
    assert!(log < 100 * 1024 * 1024, "the WAL has {log} bytes");
    let written_back = std::fs::metadata(&path).unwrap().len();
    assert!(
        written_back > 50_000_000,
        "the database file has only {written_back} bytes"
    );
    store.close().await;
    let store = Store::open(&location, Durability::Process, &MIGRATIONS).unwrap();
    assert_eq!(names(&store).await.len(), 1600);
}
