//! The durable state: one SQLite database in WAL mode, and one thread that writes to it.
//!
//! A caller sends its work as a closure (a job). The writer takes all waiting jobs, up to a limit, and runs
//! each in a savepoint of one transaction. It commits once and then answers all callers. So the callers share
//! the cost of the commit, and no caller gets its answer before its changes are in the write-ahead log.
//!
//! A job that fails or panics is rolled back alone. A commit that fails makes every job of its group fail. A
//! second thread runs the checkpoints; see `checkpoint`.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::location::{Durability, Location};
use crate::schema;
use crate::tx::Tx;
use crate::writer::{self, Message, Task};

/// Maximum number of jobs that wait for the writer. Further callers wait until they can add theirs.
const WAITING_JOBS: usize = 1024;

/// A handle to the database. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Message>,
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
        let mut connection = match location {
            Location::Disk(path) => Connection::open(path)?,
            Location::Memory => Connection::open_in_memory()?,
        };
        schema::configure(&connection, durability)?;
        schema::migrate(&mut connection, migrations)?;
        let checkpointer = match location {
            Location::Disk(path) => Some(Checkpointer::start(&connection, path, durability)?),
            Location::Memory => None,
        };
        let (jobs, waiting) = mpsc::channel(WAITING_JOBS);
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer::run(connection, checkpointer, waiting))
            .map_err(|error| StoreError::Thread(Arc::new(error)))?;
        Ok(Self { jobs })
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
        let (reply, answer) = oneshot::channel();
        let job = Message::Job(Box::new(Task::new(work, reply)));
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
