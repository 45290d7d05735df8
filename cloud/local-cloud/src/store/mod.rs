//! Durable state: one SQLite database in WAL mode, and one thread that writes to it.
//!
//! Work arrives as closures. The writer takes all that wait (bounded), runs each in a savepoint of one transaction,
//! commits once and then answers all of them: a commit's cost is shared by whoever is waiting for it, and an answer
//! is never given before what it promises is in the log. A job that fails or panics is rolled back alone; a failed
//! commit fails every job of its group. Another thread writes the log back into the database meanwhile.

mod checkpoint;
mod schema;
mod writer;

use std::cell::RefCell;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use checkpoint::Checkpointer;
use writer::{Message, Task};

/// Jobs that may wait for the writer before callers wait for a place.
const WAITING_JOBS: usize = 1024;

/// Where the database lies.
#[derive(Clone, Debug)]
pub enum Location {
    /// In this file; SQLite adds `-wal` and `-shm` beside it.
    Disk(PathBuf),
    /// In memory: gone with the process.
    Memory,
}

/// What a committed transaction survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `kill -9` of the process: the log is written, the operating system may still hold it (`synchronous=NORMAL`).
    #[default]
    Process,
    /// A power cut as well: each commit waits for the disk (`synchronous=FULL`).
    Power,
}

/// Why the store could not do a job.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the database failed: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The job panicked; what it wrote was rolled back.
    #[error("the job panicked and was rolled back")]
    Panicked,
    /// SQLite undid the whole transaction, as it does when the disk is full.
    #[error("the database undid the transaction")]
    RolledBack,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The writer thread could not be started.
    #[error("the writer thread could not be started: {0}")]
    Thread(Arc<std::io::Error>),
    /// The file was written by a newer version of this program.
    #[error("the database has schema version {found}, this program knows versions up to {known}")]
    NewerSchema {
        /// The version in the file.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

/// What runs once a transaction is in the log.
type AfterCommit = Box<dyn FnOnce() + Send>;

/// A job's view of the transaction: a connection, and effects that wait for the commit.
pub struct Tx<'c> {
    connection: &'c Connection,
    after: RefCell<Vec<AfterCommit>>,
}

impl Tx<'_> {
    /// Runs `effect` once the transaction is committed, and not at all if this job or the commit fails.
    pub fn on_commit(&self, effect: impl FnOnce() + Send + 'static) {
        self.after.borrow_mut().push(Box::new(effect));
    }
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl Deref for Tx<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

/// A handle to the database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Message>,
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the writer.
    pub fn open(location: &Location, durability: Durability) -> Result<Self, StoreError> {
        let connection = match location {
            Location::Disk(path) => Connection::open(path)?,
            Location::Memory => Connection::open_in_memory()?,
        };
        schema::configure(&connection, durability)?;
        schema::migrate(&connection)?;
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

    /// Runs `work` in a transaction and answers once it is committed.
    ///
    /// Work whose caller has gone before its turn came is not done.
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

    /// Finishes the work that waits, writes the log back into the database and closes it. Later work is refused.
    pub async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.jobs.send(Message::Close(done)).await.is_ok() {
            // An error means that another caller closed it first, which is as good.
            let _closed = closed.await;
        }
    }
}

#[cfg(test)]
mod tests;
