//! Where the engine's database lies, and how it is opened.

use std::path::Path;

use cloud_store::{Durability, Location};
use dynoxide::Database;

/// Opens the database. It is opened a second time if the engine panics.
pub(crate) type Open = Box<dyn Fn() -> Result<Database, String> + Send>;

/// Returns the function that opens the database at `location`.
pub(crate) fn open_at(location: &Location, durability: Durability) -> Result<Open, String> {
    match location {
        Location::Disk(path) => open_file(path, durability),
        Location::Memory => open_memory(),
    }
}

fn open_file(path: &Path, durability: Durability) -> Result<Open, String> {
    let text = path.to_str().ok_or("its path is not UTF-8")?.to_owned();
    Ok(Box::new(move || {
        let database = Database::new(&text).map_err(|error| error.to_string())?;
        if durability == Durability::Process {
            // By default the engine commits with synchronous=FULL. This is its only public way to set NORMAL, which is
            // enough to survive the end of the process. The other settings that it makes are SQLite's defaults.
            database
                .disable_bulk_loading()
                .map_err(|error| error.to_string())?;
        }
        Ok(database)
    }))
}

/// Keeps the database in SQLite's shared memory file system: as long as one connection is open, a second one finds the
/// same tables. The first connection does no work, so it outlives a panic of the second.
///
/// Source: SQLite, "The memdb VFS": a name that starts with `/` is shared within the process.
fn open_memory() -> Result<Open, String> {
    static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("file:/cloud-dynamodb-{number}?vfs=memdb");
    let keeper = Database::new(&name).map_err(|error| error.to_string())?;
    Ok(Box::new(move || {
        let _held = &keeper;
        Database::new(&name).map_err(|error| error.to_string())
    }))
}
