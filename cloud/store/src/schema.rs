//! Connection settings and schema migrations.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use crate::error::StoreError;
use crate::location::{Durability, Location};
use crate::upgrade::{self, Cancellation};

/// Number of prepared statements that a connection caches.
const STATEMENTS: usize = 256;

pub(super) fn configure(connection: &Connection, durability: Durability) -> Result<(), StoreError> {
    let synchronous = match durability {
        Durability::Process => "NORMAL",
        Durability::Power => "FULL",
    };
    connection.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = {synchronous};
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -65536;"
    ))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Reads the version of a database: the number of migrations that it has had.
pub(super) const VERSION: &str = "SELECT user_version FROM pragma_user_version";

/// Does the migrations that the database lacks, in one transaction. `Store::examine` has refused a database that has had
/// more of them.
pub(super) fn migrate(
    connection: &mut Connection,
    location: &Location,
    migrations: &[&str],
    cancellation: &Cancellation,
) -> Result<(), StoreError> {
    let migrations: Migrations<'_> = migrations.iter().map(|sql| M::up(sql)).collect();
    let name = match location {
        Location::Disk(path) => path.display().to_string(),
        Location::Memory => "the database in memory".to_owned(),
    };
    upgrade::watch(connection, format!("upgrading {name}"), cancellation);
    let outcome = migrations.to_latest(connection);
    upgrade::unwatch(connection);
    match outcome {
        Err(rusqlite_migration::Error::RusqliteError { err, .. }) if upgrade::is_interruption(&err) => {
            Err(StoreError::Cancelled)
        }
        outcome => Ok(outcome?),
    }
}
