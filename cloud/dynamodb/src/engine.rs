//! The engine's thread: all SQLite work runs here, one job after another, and never on the async runtime.
//!
//! A panic inside dynoxide poisons its lock, and every later call fails. So the thread drops that database and opens it
//! again. Jobs that wait are not lost; those that share the transaction of the panic are, and their callers learn it. If the database
//! cannot be opened, the next job tries again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::group::{Access, Call, Group};
use crate::operation::Performed;
use crate::source::{Open, Tables};

/// How long the jobs that wait may take at a stop.
const GRACE: Duration = Duration::from_millis(500);

/// The size of the thread's stack: the engine's parsers need some for each level of nesting that `bounds` allows.
const STACK_BYTES: usize = 16 * 1024 * 1024;

/// The maximum number of calls that share a transaction.
const GROUP: usize = 64;

/// Work that waits for the thread.
enum Job {
    /// Work in transactions of its own.
    Alone {
        work: Box<dyn FnOnce(&Tables) + Send>,
        /// Whether it may change the definition of a table.
        changes_tables: bool,
    },
    /// A call about items.
    Joined(Call),
}

/// The engine did not finish a job: it panicked, its database cannot be opened, or it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the table engine could not finish the call")]
pub(crate) struct Unavailable;

/// A running engine. Dropping it ends the thread after the jobs that wait.
pub(crate) struct Engine {
    /// `None` once the engine is closed.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
    unopened: Arc<Mutex<Option<String>>>,
}

impl Engine {
    /// Opens the database and starts the thread.
    pub(crate) async fn start(open: Open) -> Result<Self, String> {
        let (jobs, queue) = mpsc::channel();
        let (opened, was_opened) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let unopened = Arc::new(Mutex::new(None));
        let worker = Worker {
            open,
            unopened: Arc::clone(&unopened),
        };
        std::thread::Builder::new()
            .name("dynamodb".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                match (worker.open)() {
                    Ok(tables) => {
                        if opened.send(Ok(())).is_ok() {
                            worker.run(tables, &queue);
                        }
                    }
                    Err(reason) => {
                        // The receiver waits for this message.
                        let _unheard = opened.send(Err(reason));
                    }
                }
                let _unheard = end.send(());
            })
            .map_err(|error| error.to_string())?;
        was_opened
            .await
            .unwrap_or_else(|_| Err("the engine panicked when it was opened".to_owned()))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            ended: Mutex::new(Some(ended)),
            unopened,
        })
    }

    /// Runs `work` on the engine's thread. It is finished even if the caller stops waiting.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tables) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.run_alone(false, work).await
    }

    /// Runs `work` like [`Engine::run`], if it may change the definition of a table.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tables) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.run_alone(true, work).await
    }

    /// Performs a call about items. The answer comes after the commit, which calls that wait at the same time share.
    pub(crate) async fn run_joined(
        &self,
        access: Access,
        work: impl FnMut(&Tables) -> Performed + Send + 'static,
    ) -> Result<Performed, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Joined(Call {
            access,
            work: Box::new(work),
            answer,
        }))?;
        // A panic drops the sender.
        answered.await.map_err(|_| Unavailable)
    }

    async fn run_alone<T: Send + 'static>(
        &self,
        changes_tables: bool,
        work: impl FnOnce(&Tables) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (answer, answered) = oneshot::channel();
        self.send(Job::Alone {
            work: Box::new(move |tables| {
                // Nobody listens if the caller has gone.
                let _unheard = answer.send(work(tables));
            }),
            changes_tables,
        })?;
        // A panic drops the sender.
        answered.await.map_err(|_| Unavailable)
    }

    fn send(&self, job: Job) -> Result<(), Unavailable> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        jobs.ok_or(Unavailable)?.send(job).map_err(|_| Unavailable)
    }

    /// Returns the reason why the database could not be opened again, if it could not.
    pub(crate) fn unopened(&self) -> Option<String> {
        self.unopened
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Accepts no more jobs, waits a short time for those that wait, and closes the database.
    pub(crate) async fn close(&self) {
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended
            && tokio::time::timeout(GRACE, ended).await.is_err()
        {
            tracing::warn!("stopping the table engine although calls are still running");
        }
    }
}

struct Worker {
    open: Open,
    unopened: Arc<Mutex<Option<String>>>,
}

impl Worker {
    fn run(&self, tables: Tables, queue: &mpsc::Receiver<Job>) {
        let mut tables = Some(tables);
        while let Ok(first) = queue.recv() {
            if tables.is_none() {
                tables = self.reopen();
            }
            let Some(open) = &mut tables else { continue };
            let jobs = std::iter::once(first).chain(queue.try_iter().take(GROUP - 1));
            match catch_unwind(AssertUnwindSafe(|| perform(open, jobs))) {
                Ok(Ok(())) => continue,
                Ok(Err(reason)) => tracing::error!(reason, "the tables cannot be read again after a change"),
                // The panic's message may hold the payload of a request. The panic hook has printed where it happened.
                Err(_) => tracing::error!("the table engine panicked; its database is opened again"),
            }
            // It is closed first, so that nothing of an open transaction is in the way.
            drop(tables.take());
            tables = self.reopen();
        }
    }

    fn reopen(&self) -> Option<Tables> {
        let opened = catch_unwind(AssertUnwindSafe(|| (self.open)()))
            .unwrap_or_else(|_| Err("the engine panicked when it was opened".to_owned()));
        let (tables, reason) = match opened {
            Ok(tables) => (Some(tables), None),
            Err(reason) => {
                tracing::error!(reason, "the table engine's database cannot be opened again");
                (None, Some(reason))
            }
        };
        *self.unopened.lock().unwrap_or_else(PoisonError::into_inner) = reason;
        tables
    }
}

/// Performs jobs in their order. Calls about items that follow each other share a transaction. After an error the tables must be opened again.
fn perform(tables: &mut Tables, jobs: impl Iterator<Item = Job>) -> Result<(), String> {
    let mut group = Group::default();
    for job in jobs {
        match job {
            Job::Joined(call) => group.perform(tables, call),
            Job::Alone { work, changes_tables } => {
                group.commit(&tables.items);
                work(tables);
                if changes_tables {
                    tables.changed()?;
                }
            }
        }
    }
    group.commit(&tables.items);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cloud_store::{Durability, Location};
    use dynoxide::Database;
    use dynoxide::storage::Storage;
    use dynoxide::storage_backend::Clock;
    use serde_json::json;

    use super::*;
    use crate::items::Items;
    use crate::source::open_at;

    /// A clock whose reading panics: dynoxide reads it with its lock held when it creates a table with a stream.
    #[derive(Debug)]
    struct BrokenClock;

    impl Clock for BrokenClock {
        fn now_unix_secs(&self) -> u64 {
            panic!("a panic on purpose")
        }

        fn now_unix_secs_f64(&self) -> f64 {
            panic!("a panic on purpose")
        }
    }

    fn create(tables: &Tables, name: &str) -> Result<(), String> {
        let request = json!({
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
        });
        let created = tables
            .database
            .create_table(serde_json::from_value(request).unwrap());
        created.map(drop).map_err(|error| error.to_string())
    }

    fn tables(database: Database) -> Result<Tables, String> {
        let items = || Items::new(Storage::memory().unwrap(), Durability::Process).unwrap();
        Tables::new(database, move || Ok(items()))
    }

    /// The first database panics, those after it work; every opening is counted. `fails` openings after the first fail.
    async fn engine_with_a_broken_start(fails: usize) -> (Engine, Arc<AtomicUsize>) {
        let openings = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&openings);
        let open: Open = Box::new(move || match counted.fetch_add(1, Ordering::SeqCst) {
            0 => tables(Database::memory_with_clock(Arc::new(BrokenClock)).unwrap()),
            n if n <= fails => Err("no space left".to_owned()),
            _ => tables(Database::memory().unwrap()),
        });
        (Engine::start(open).await.unwrap(), openings)
    }

    #[tokio::test]
    async fn after_a_panic_the_database_is_opened_again_and_calls_work() {
        let (engine, openings) = engine_with_a_broken_start(0).await;
        assert_eq!(engine.run(|db| create(db, "rows")).await, Err(Unavailable));
        assert_eq!(engine.run(|db| create(db, "rows")).await, Ok(Ok(())));
        assert_eq!((openings.load(Ordering::SeqCst), engine.unopened()), (2, None));
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_opened_again_is_reported_until_it_can() {
        let (engine, _) = engine_with_a_broken_start(2).await;
        assert_eq!(engine.run(|db| create(db, "rows")).await, Err(Unavailable));
        assert_eq!(engine.run(|db| create(db, "rows")).await, Err(Unavailable));
        assert_eq!(engine.unopened().as_deref(), Some("no space left"));
        assert_eq!(engine.run(|db| create(db, "rows")).await, Ok(Ok(())));
        assert_eq!(engine.unopened(), None);
    }

    #[tokio::test]
    async fn tables_outlive_a_panic_in_memory_and_on_disk() {
        let directory = tempfile::tempdir().unwrap();
        for location in [
            Location::Memory,
            Location::Disk(directory.path().join("dynamodb.db")),
        ] {
            let engine = Engine::start(open_at(&location, Durability::Process).unwrap())
                .await
                .unwrap();
            engine.run(|db| create(db, "rows")).await.unwrap().unwrap();
            let panicked = engine.run(|_| -> () { panic!("a panic on purpose") }).await;
            assert_eq!(panicked, Err(Unavailable));
            let count = engine.run(|db| db.database.table_count().unwrap()).await;
            assert_eq!(count, Ok(1), "{location:?}");
        }
    }

    #[tokio::test]
    async fn databases_in_memory_are_apart() {
        let first = Engine::start(open_at(&Location::Memory, Durability::Process).unwrap())
            .await
            .unwrap();
        let second = Engine::start(open_at(&Location::Memory, Durability::Process).unwrap())
            .await
            .unwrap();
        first.run(|db| create(db, "rows")).await.unwrap().unwrap();
        assert_eq!(second.run(|db| db.database.table_count().unwrap()).await, Ok(0));
    }

    #[tokio::test]
    async fn jobs_that_wait_are_done_before_the_close_and_later_ones_are_refused() {
        let engine = Engine::start(open_at(&Location::Memory, Durability::Process).unwrap())
            .await
            .unwrap();
        let (go, wait) = mpsc::channel::<()>();
        let slow = engine.run(move |_| wait.recv().is_ok());
        let queued = engine.run(|db| create(db, "rows").is_ok());
        let closing = async {
            // The two jobs before were sent when their futures were first polled.
            go.send(()).unwrap();
            engine.close().await;
        };
        let (slow, queued, ()) = tokio::join!(slow, queued, closing);
        assert_eq!((slow, queued), (Ok(true), Ok(true)));
        assert_eq!(engine.run(|_| ()).await, Err(Unavailable));
    }
}
