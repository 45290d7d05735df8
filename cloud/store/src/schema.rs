//! Connection settings and schema migrations.

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations, SchemaVersion};

use crate::error::StoreError;
use crate::location::Durability;

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

/// Does the migrations that the database lacks, in one transaction. Refuses a database that has had more of them.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    let migrations: Migrations<'_> = migrations.iter().map(|sql| M::up(sql)).collect();
    if let SchemaVersion::Outside(found) = migrations.current_version(connection)? {
        let found = i64::try_from(found.get()).unwrap_or(i64::MAX);
        return Err(StoreError::NewerSchema { found, known });
    }
    migrations.to_latest(connection)?;
    Ok(())
}
