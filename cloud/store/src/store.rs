//! The durable state: one SQLite database in WAL mode, and one thread that writes to it.
//!
//! A caller sends its work as a closure (a job). The writer takes all waiting jobs, up to a limit, and runs
//! them in one transaction, the second and later ones in a savepoint each. It commits once and then answers all callers. So the callers share
//! the cost of the commit, and no caller gets its answer before its changes are in the write-ahead log.
//!
//! A job that fails or panics is rolled back alone. A commit that fails makes every job of its group fail. A
//! second thread runs the checkpoints; see `checkpoint`.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::barrier::Barrier;
use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::health::{FailedCommit, Health};
use crate::location::{Durability, Location};
use crate::reserve::Reserve;
use crate::schema;
use crate::tx::Tx;
use crate::upgrade::{self, Cancellation, SchemaAge};
use crate::writer::{Message, Task, Writer};

/// Maximum number of jobs that wait for the writer. Further callers wait until they can add theirs.
const WAITING_JOBS: usize = 1024;

/// A handle to the database. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Message>,
    health: Health,
    barrier: Arc<Mutex<Option<Barrier>>>,
}

impl Store {
    /// Opens the database, migrates its schema to the newest version and starts the writer thread.
    ///
    /// Each of the `migrations` is SQL that brings the database from the version of its index to the next. The database
    /// keeps the number of those done in its `user_version`, so that the list may only grow at its end.
    pub fn open(
        location: &Location,
        durability: Durability,
        migrations: &[&str],
    ) -> Result<Self, StoreError> {
        Self::open_cancellable(location, durability, migrations, &Cancellation::default())
    }

    /// Like [`Store::open`], and ends a migration that is cancelled.
    pub fn open_cancellable(
        location: &Location,
        durability: Durability,
        migrations: &[&str],
        cancellation: &Cancellation,
    ) -> Result<Self, StoreError> {
        // A file that is refused is not touched.
        Self::examine(location, migrations)?;
        let mut connection = match location {
            Location::Disk(path) => Connection::open(path)?,
            Location::Memory => Connection::open_in_memory()?,
        };
        schema::configure(&connection, durability)?;
        schema::migrate(&mut connection, location, migrations, cancellation)?;
        let checkpointer = match location {
            Location::Disk(path) => Some(Checkpointer::start(&connection, path, durability)?),
            Location::Memory => None,
        };
        let health = Health::default();
        let writer = Writer {
            connection,
            checkpointer,
            reserve: match location {
                Location::Disk(path) => Some(Reserve::beside(path)),
                Location::Memory => None,
            },
            health: health.clone(),
        };
        let (jobs, waiting) = mpsc::channel(WAITING_JOBS);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|error| StoreError::Thread(Arc::new(error)))?;
        Ok(Self {
            jobs,
            health,
            barrier: Arc::default(),
        })
    }

    /// Compares the version of a database with the `migrations`, without a change to it. Refuses a newer one.
    pub fn examine(location: &Location, migrations: &[&str]) -> Result<SchemaAge, StoreError> {
        let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
        match location {
            Location::Disk(path) => upgrade::examine(path, schema::VERSION, known),
            Location::Memory => Ok(SchemaAge::New),
        }
    }

    /// Returns true if the last commit that wrote something failed, or if the disk is full.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.health.is_failing()
    }

    /// Returns true while work that stores more is refused, because the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.health.is_full()
    }

    /// Returns the last commit that failed since the start.
    #[must_use]
    pub fn last_failed_commit(&self) -> Option<FailedCommit> {
        self.health.last_failure()
    }

    /// Runs `work` in a transaction and returns its result after the commit.
    ///
    /// The writer skips the work if the caller's future was dropped before its turn.
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.submit(work, false).await
    }

    /// Runs `work` like [`Store::run`], if it stores more than it frees. While the disk is full, it fails at once with
    /// [`StoreError::DiskFull`], so that what room there is serves work that frees some.
    pub async fn grow<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.submit(work, true).await
    }

    /// Runs `work` like [`Store::run`], if it deletes what callers have dealt with elsewhere: the barrier passes first.
    pub async fn run_after_barrier<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let barrier = self.lock_barrier().clone();
        if let Some(barrier) = barrier {
            let passed = barrier.pass().await;
            passed.map_err(|error| StoreError::Barrier(Arc::new(error)))?;
        }
        self.submit(work, false).await
    }

    /// Sets what must pass before [`Store::run_after_barrier`]. There is none until then.
    pub fn replace_barrier(&self, barrier: Barrier) {
        *self.lock_barrier() = Some(barrier);
    }

    fn lock_barrier(&self) -> std::sync::MutexGuard<'_, Option<Barrier>> {
        self.barrier.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn submit<T, E, F>(&self, work: F, grows: bool) -> Result<T, E>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Message::Job(Box::new(Task::new(work, grows, reply)));
        self.jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    /// Finishes the waiting work, runs a last checkpoint and closes the database. Later work fails with
    /// [`StoreError::Closed`].
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Message::Close(done)).await.is_ok() {
            // An error means that another caller closed the store first.
            let _closed = closed.await;
        }
    }
}
