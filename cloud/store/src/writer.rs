//! The writer thread: groups jobs into transactions.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::checkpoint::Checkpointer;
use crate::error::StoreError;
use crate::health::Health;
use crate::reserve::Reserve;
use crate::tx::{AfterCommit, Tx};

/// Maximum number of jobs in one commit: enough to share its cost, few enough to keep each caller's wait
/// short.
const GROUP: usize = 256;

/// A request to the writer thread.
pub(super) enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

/// A job whose types are erased.
pub(super) trait Job: Send {
    /// Returns true if nobody waits for the answer any more.
    fn is_abandoned(&self) -> bool;
    /// Returns true if it stores more than it frees.
    fn grows(&self) -> bool;
    /// Does the work. Returns true if its changes must be kept.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Sends the answer to the caller. If `group` is an error, the caller gets that error.
    fn settle(self: Box<Self>, group: Result<(), StoreError>);
}

/// A job with its types: the work, its result and the channel to the caller.
pub(super) struct Task<F, T, E> {
    work: Option<F>,
    grows: bool,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Task<F, T, E> {
    pub(super) fn new(work: F, grows: bool, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self {
            work: Some(work),
            grows,
            outcome: None,
            reply,
        }
    }
}

impl<F, T, E> Job for Task<F, T, E>
where
    F: FnOnce(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    fn grows(&self) -> bool {
        self.grows
    }

    fn run(&mut self, tx: &Tx<'_>) -> bool {
        self.outcome = self.work.take().map(|work| work(tx));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn settle(self: Box<Self>, group: Result<(), StoreError>) {
        let answer = match (group, self.outcome) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(StoreError::Panicked.into()),
        };
        // Sending fails if the caller is gone. Then nobody needs the answer.
        let _unheard = self.reply.send(answer);
    }
}

/// The writer thread.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) checkpointer: Option<Checkpointer>,
    /// `None` for a database in memory.
    pub(super) reserve: Option<Reserve>,
    pub(super) health: Health,
}

impl Writer {
    /// Runs jobs until the store is closed or every handle is dropped.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(GROUP);
        let mut closers = Vec::new();
        while waiting.blocking_recv_many(&mut batch, GROUP) > 0 {
            let mut group = Vec::with_capacity(batch.len());
            for message in batch.drain(..) {
                match message {
                    Message::Job(job) => group.push(job),
                    Message::Close(done) => closers.push(done),
                }
            }
            self.commit(group);
            if let Some(checkpointer) = &mut self.checkpointer {
                checkpointer.committed(&self.connection, self.health.is_full());
            }
            if !closers.is_empty() {
                // No new job can be added. The jobs that wait already are still done.
                waiting.close();
            }
        }
        self.close();
        for done in closers {
            let _gone = done.send(());
        }
    }

    fn close(self) {
        if let Some(checkpointer) = self.checkpointer {
            checkpointer.stop();
        }
        let last = self
            .connection
            .execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA optimize;");
        if let Err(error) = last {
            tracing::warn!(%error, "the last checkpoint failed; the next start reads the write-ahead log again");
        }
    }

    /// Runs a group of jobs in one transaction and answers their callers.
    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        group.retain(|job| !job.is_abandoned());
        if let Some(reserve) = &mut self.reserve {
            let full = reserve.is_given_up();
            self.health.set_full(full);
            if full {
                let (refused, others): (Vec<_>, Vec<_>) = group.into_iter().partition(|job| job.grows());
                group = others;
                for job in refused {
                    self.health.failed(&StoreError::DiskFull);
                    job.settle(Err(StoreError::DiskFull));
                }
            }
        }
        if group.is_empty() {
            return;
        }
        let changes = self.connection.total_changes();
        let (committed, effects) = match transact(&self.connection, &mut group) {
            Ok(effects) => {
                if self.connection.total_changes() != changes {
                    self.health.succeeded();
                }
                (Ok(()), effects)
            }
            Err(error) => {
                if !self.connection.is_autocommit()
                    && let Err(rollback) = self.connection.execute_batch("ROLLBACK")
                {
                    tracing::error!(error = %rollback, "a failed transaction could not be rolled back");
                }
                if let Some(reserve) = &mut self.reserve {
                    reserve.give_up();
                    self.health.set_full(true);
                }
                self.health.failed(&error);
                (Err(error), Vec::new())
            }
        };
        for effect in effects {
            effect();
        }
        for job in group {
            job.settle(committed.clone());
        }
    }
}

fn transact(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<Vec<AfterCommit>, StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut effects = Vec::new();
    // A savepoint copies the pages that change. While the transaction is empty, a job needs none: nothing else is lost with it.
    let mut is_empty = true;
    for job in group {
        if !is_empty {
            execute(connection, "SAVEPOINT job")?;
        }
        let tx = Tx::new(connection);
        // Unwind safety: after a panic, the job is only dropped, and its changes are rolled back.
        let kept = catch_unwind(AssertUnwindSafe(|| job.run(&tx))).unwrap_or(false);
        // SQLite rolls back the whole transaction for errors such as a full disk. Then no job of the group is
        // done.
        if connection.is_autocommit() {
            return Err(StoreError::RolledBack);
        }
        match (kept, is_empty) {
            (true, true) => is_empty = false,
            (true, false) => execute(connection, "RELEASE job")?,
            (false, true) => {
                execute(connection, "ROLLBACK")?;
                execute(connection, "BEGIN IMMEDIATE")?;
            }
            (false, false) => {
                execute(connection, "ROLLBACK TO job")?;
                execute(connection, "RELEASE job")?;
            }
        }
        if kept {
            effects.append(&mut tx.into_effects());
        }
    }
    execute(connection, "COMMIT")?;
    Ok(effects)
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
