//! Durable state: one SQLite database in WAL mode, and one thread that writes to it.
//!
//! Work arrives as closures. The writer takes all that wait (bounded), runs each in a savepoint of one transaction,
//! commits once and then answers all of them: a commit's cost is shared by whoever is waiting for it, and an answer
//! is never given before what it promises is in the log. A job that fails or panics is rolled back alone; a failed
//! commit fails every job of its group. Another thread writes the log back into the database meanwhile.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::location::{Durability, Location};
use crate::schema;
use crate::tx::Tx;
use crate::writer::{self, Message, Task};

/// Jobs that may wait for the writer before callers wait for a place.
const WAITING_JOBS: usize = 1024;

/// A handle to the database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    jobs: mpsc::Sender<Message>,
}

impl Store {
    /// Opens the database, brings its schema up to date and starts the writer.
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
