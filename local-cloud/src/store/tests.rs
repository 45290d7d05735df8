use rusqlite::params;

use super::*;

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
async fn a_failing_or_panicking_job_is_undone_alone() {
    let store = Store::open(&Location::Memory, Durability::Process).unwrap();
    let good = store.run(|tx| write(tx, "good"));
    let bad = store.run(|tx| {
        write(tx, "bad")?;
        write(tx, "bad")
    });
    let ugly = store.run(|tx| {
        write(tx, "ugly")?;
        panic!("on purpose");
        #[expect(unreachable_code, reason = "gives the closure its type")]
        Ok::<(), StoreError>(())
    });
    let also_good = store.run(|tx| write(tx, "good too"));
    let (good, bad, ugly, also_good) = tokio::join!(good, bad, ugly, also_good);
    good.unwrap();
    assert!(matches!(bad, Err(StoreError::Sqlite(_))));
    assert!(matches!(ugly, Err(StoreError::Panicked)));
    also_good.unwrap();
    assert_eq!(names(&store).await, ["good", "good too"]);
}

#[tokio::test]
async fn effects_follow_the_commit_and_only_of_jobs_that_were_kept() {
    let store = Store::open(&Location::Memory, Durability::Process).unwrap();
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
async fn what_was_answered_is_there_after_closing_and_opening() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Disk(directory.path().join("state.db"));
    let store = Store::open(&location, Durability::Power).unwrap();
    store.run(|tx| write(tx, "kept")).await.unwrap();
    store.close().await;
    assert!(matches!(
        store.run(|tx| write(tx, "late")).await,
        Err(StoreError::Closed)
    ));
    let store = Store::open(&location, Durability::Process).unwrap();
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
    let error = Store::open(&Location::Disk(path), Durability::Process).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }));
}
