//! Runs checkpoints on a thread of its own: copies the write-ahead log (WAL) into the database file.
//!
//! By default, SQLite runs a checkpoint inside the commit that makes the WAL too long. Every caller of that
//! commit waits for the disk. The wait grows with the number of different pages in the WAL, so it is longest
//! with a deep backlog. Here a second thread with its own connection runs the checkpoints, and the writer
//! continues.
//!
//! SQLite starts again at the beginning of the WAL only after a checkpoint has copied all of it. A writer
//! that never pauses adds pages during each checkpoint and prevents this. When the WAL reaches `MAX_PAGES`,
//! the writer waits for the thread and copies the rest itself.

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

/// Number of pages that the WAL grows by between two checkpoints of the thread.
const ROUND: c_int = 4000;
/// Number of pages in the WAL at which the writer itself runs a checkpoint: 64 MiB.
const MAX_PAGES: c_int = 16_384;

/// Number of pages in the WAL at which the writer runs a checkpoint while the disk is full: 1 MiB.
const FEW_PAGES: c_int = 256;

thread_local! {
    /// Pages in the WAL after the last commit of this thread. It is thread-local because SQLite's hook is a
    /// plain function without state, and each connection belongs to one thread.
    static LOG_PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// The writer's handle to the checkpoint thread.
pub(super) struct Checkpointer {
    rounds: SyncSender<()>,
    /// Held during a checkpoint. SQLite refuses a second checkpoint at the same time.
    turn: Arc<Mutex<()>>,
    thread: JoinHandle<()>,
    /// Pages in the WAL when the writer last requested a checkpoint.
    asked_at: c_int,
}

impl Checkpointer {
    /// Starts the checkpoint thread for the database at `path`, and turns off SQLite's own checkpoints on
    /// `connection`, the connection of the calling thread.
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
        // This hook replaces SQLite's own hook, which runs a checkpoint every 1000 pages.
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

    /// Requests or runs a checkpoint if the WAL is long. The writer calls it after each commit.
    ///
    /// On a full disk the log must not grow: the writer itself runs a checkpoint early, and the log starts again at its
    /// beginning, which needs no more space.
    pub(super) fn committed(&mut self, connection: &Connection, disk_is_full: bool) {
        let pages = LOG_PAGES.get();
        // If `pages` is smaller than before, SQLite started again at the beginning of the WAL.
        self.asked_at = self.asked_at.min(pages);
        if pages >= MAX_PAGES || (disk_is_full && pages >= FEW_PAGES) {
            write_back(connection, &self.turn);
        } else if pages >= self.asked_at + ROUND && self.rounds.try_send(()).is_ok() {
            self.asked_at = pages;
        }
    }

    /// Ends the thread. A checkpoint that is running finishes first.
    pub(super) fn stop(self) {
        drop(self.rounds);
        if self.thread.join().is_err() {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}

fn run(connection: &Connection, asked: &Receiver<()>, turn: &Mutex<()>) {
    while asked.recv().is_ok() {
        write_back(connection, turn);
    }
}

/// Copies into the database file what the WAL holds now.
fn write_back(connection: &Connection, turn: &Mutex<()>) {
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = answer {
        tracing::warn!(%error, "a checkpoint failed; the write-ahead log grows until the next one succeeds");
    }
}
