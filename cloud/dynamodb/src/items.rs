//! The items of the tables: a connection whose calls can share one transaction.
//!
//! A commit costs more than most writes: pages are copied to the log and locks are taken. The engine begins and commits a transaction for
//! each write, and for each statement of a `BatchExecuteStatement`. While a call joins a transaction that is open already, SQLite's
//! authorizer turns these `BEGIN`, `COMMIT` and `ROLLBACK` into statements that do nothing.
//!
//! Source: SQLite, "Compile-Time Authorization Callbacks": for `SQLITE_IGNORE` "the specific action is disallowed but the SQL statement
//! continues to be compiled".

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloud_store::Durability;
use dynoxide::storage::Storage;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization, TransactionOperation};

/// The part of the database that SQLite keeps in memory, in KiB. Its default of 2 MB is soon smaller than the pages that each write of a
/// random key and its index entries passes through.
const CACHE_KIB: i32 = 64 * 1024;

/// How many pages the log grows by until they are written back, in pages of 4 KiB. SQLite's default is 1000. A page that changed many
/// times since then is written back once.
const LOG_PAGES: i32 = 4000;

/// A connection for calls about items.
pub(crate) struct Items {
    storage: Storage,
    joining: Arc<Joining>,
    /// Whether no call has joined the transaction yet.
    is_new: Cell<bool>,
}

/// The state of the call that runs, for the authorizer.
#[derive(Debug, Default)]
struct Joining {
    is_joined: AtomicBool,
    rolled_back: AtomicBool,
}

/// How a call ended that shared a transaction.
#[derive(Debug)]
pub(crate) enum Joined<T> {
    /// Its changes are part of the transaction.
    Done(T),
    /// The engine has rolled back a part of them, which it cannot do in a shared transaction. They are gone from it. The call has to run
    /// alone.
    RunAlone,
    /// SQLite has rolled back the whole transaction, for example because the disk is full.
    Ended(T),
}

impl Items {
    /// Prepares a connection.
    pub(crate) fn new(storage: Storage, durability: Durability) -> rusqlite::Result<Self> {
        let connection = storage.conn();
        if durability == Durability::Process {
            // Enough to survive the end of the process.
            connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
        let joining = Arc::new(Joining::default());
        let asked = Arc::clone(&joining);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            asked.authorize(context.action)
        }));
        Ok(Self {
            storage,
            joining,
            is_new: Cell::new(false),
        })
    }

    /// The engine's view of the items.
    pub(crate) fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Whether a transaction is open that calls can join.
    pub(crate) fn is_open(&self) -> bool {
        !self.storage.conn().is_autocommit()
    }

    /// Begins a transaction that calls can join.
    pub(crate) fn begin(&self) -> rusqlite::Result<()> {
        self.is_new.set(true);
        self.execute("BEGIN IMMEDIATE")
    }

    /// Lets a call join the transaction.
    pub(crate) fn join<T>(&self, call: impl FnOnce() -> T) -> rusqlite::Result<Joined<T>> {
        // A savepoint copies the pages that change. The first call needs none, since nothing else is lost with the transaction.
        let is_first = self.is_new.replace(false);
        if !is_first {
            self.execute("SAVEPOINT call")?;
        }
        let changes = self.storage.conn().total_changes();
        self.joining.rolled_back.store(false, Ordering::Relaxed);
        self.joining.is_joined.store(true, Ordering::Relaxed);
        let done = call();
        self.joining.is_joined.store(false, Ordering::Relaxed);
        if !self.is_open() {
            return Ok(Joined::Ended(done));
        }
        // A failed condition rolls back too, and has changed nothing.
        let has_changed = self.storage.conn().total_changes() != changes;
        let is_torn = has_changed && self.joining.rolled_back.load(Ordering::Relaxed);
        match (is_torn, is_first) {
            (true, true) => self.execute("ROLLBACK")?,
            (true, false) => {
                self.execute("ROLLBACK TO call")?;
                self.execute("RELEASE call")?;
            }
            (false, true) => {}
            (false, false) => self.execute("RELEASE call")?,
        }
        Ok(if is_torn {
            Joined::RunAlone
        } else {
            Joined::Done(done)
        })
    }

    /// Commits the transaction. After an error it is rolled back.
    pub(crate) fn commit(&self) -> rusqlite::Result<()> {
        let committed = self.execute("COMMIT");
        if committed.is_err() && self.is_open() {
            self.execute("ROLLBACK")?;
        }
        committed
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.storage.conn().prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl Joining {
    fn authorize(&self, action: AuthAction<'_>) -> Authorization {
        let AuthAction::Transaction { operation } = action else {
            return Authorization::Allow;
        };
        if !self.is_joined.load(Ordering::Relaxed) {
            return Authorization::Allow;
        }
        if operation == TransactionOperation::Rollback {
            self.rolled_back.store(true, Ordering::Relaxed);
        }
        Authorization::Ignore
    }
}
