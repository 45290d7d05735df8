//! Writing the log back into the database, beside the writer.
//!
//! SQLite would do it in the commit that fills the log, and every caller of that commit would wait for the disk: the
//! longer, the more different pages the log holds, so that a deep backlog would pay most. A thread with a connection
//! of its own does it instead while the writer goes on. The log begins again from its start only when all of it is written
//! back, which a writer that never pauses keeps from happening: at a bound, it waits for the thread and writes back the rest.

use std::cell::Cell;
use std::ffi::c_int;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::error::StoreError;
use crate::location::Durability;
use crate::schema;

/// Pages by which the log grows between two rounds of the thread.
const ROUND: c_int = 4000;
/// Pages of the log at which the writer itself writes back the rest: 64 MiB.
const MAX_PAGES: c_int = 16_384;

thread_local! {
    /// Pages in the log after this thread's last commit. The hook is a plain function, and the connection its thread's own.
    static LOG_PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// The writer's handle to the thread.
pub(super) struct Checkpointer {
    rounds: SyncSender<()>,
    /// Held by the one who is writing back: SQLite would refuse the other.
    turn: Arc<Mutex<()>>,
    thread: JoinHandle<()>,
    /// Pages in the log when the last round was asked for.
    asked_at: c_int,
}

impl Checkpointer {
    /// Takes the checkpoints of the database at `path` from `connection`, which the calling thread writes with.
    pub(super) fn start(
        connection: &Connection,
        path: &Path,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        let own = Connection::open(path)?;
        schema::configure(&own, durability)?;
        let (rounds, asked) = sync_channel(1);
        let turn = Arc::<Mutex<()>>::default();
        let its_turn = Arc::clone(&turn);
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || run(&own, &asked, &its_turn))
            .map_err(|error| StoreError::Thread(error.into()))?;
        // The hook takes the place of SQLite's own checkpoints.
        connection.wal_hook(Some(|_log: &Wal, pages| {
            LOG_PAGES.set(pages);
            Ok(())
        }));
        Ok(Self {
            rounds,
            turn,
            thread,
            asked_at: 0,
        })
    }

    /// Keeps the log short; called after each commit.
    pub(super) fn committed(&mut self, connection: &Connection) {
        let pages = LOG_PAGES.get();
        // The log began again.
        self.asked_at = self.asked_at.min(pages);
        if pages >= MAX_PAGES {
            write_back(connection, &self.turn);
        } else if pages >= self.asked_at + ROUND && self.rounds.try_send(()).is_ok() {
            self.asked_at = pages;
        }
    }

    /// Ends the thread, after its round if it is in one.
    pub(super) fn stop(self) {
        drop(self.rounds);
        if self.thread.join().is_err() {
            tracing::error!("the checkpointing thread panicked");
        }
    }
}

fn run(connection: &Connection, asked: &Receiver<()>, turn: &Mutex<()>) {
    while asked.recv().is_ok() {
        write_back(connection, turn);
    }
}

/// Writes back what is in the log.
fn write_back(connection: &Connection, turn: &Mutex<()>) {
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = answer {
        tracing::warn!(%error, "a checkpoint failed; the log grows until the next one");
    }
}
