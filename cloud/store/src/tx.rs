//! A job's view of its transaction.

use std::cell::RefCell;
use std::ops::Deref;

use rusqlite::Connection;

/// A closure that runs after the transaction is committed.
pub(crate) type AfterCommit = Box<dyn FnOnce() + Send>;

/// The transaction that a job works in: a connection, and effects that run after the commit.
pub struct Tx<'c> {
    connection: &'c Connection,
    after: RefCell<Vec<AfterCommit>>,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            after: RefCell::default(),
        }
    }

    /// Runs `effect` after the commit. It does not run if this job or the commit fails.
    pub fn on_commit(&self, effect: impl FnOnce() + Send + 'static) {
        self.after.borrow_mut().push(Box::new(effect));
    }

    /// The effects that wait for the commit.
    pub(crate) fn into_effects(self) -> Vec<AfterCommit> {
        self.after.into_inner()
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
