//! Where the engine's database lies, and how it is opened.

use std::path::Path;

use cloud_store::{Durability, Location};
use dynoxide::Database;
use dynoxide::storage::Storage;

use crate::items::Items;

/// The tables, open twice: as items, for the calls that read and write them, and as the engine's database, for all other calls.
pub(crate) struct Tables {
    /// The items of the tables.
    pub(crate) items: Items,
    /// The whole database.
    pub(crate) database: Database,
    open_items: OpenItems,
}

/// Opens the tables. They are opened a second time if the engine panics.
pub(crate) type Open = Box<dyn Fn() -> Result<Tables, String> + Send>;

type OpenItems = Box<dyn Fn() -> Result<Items, String> + Send>;

impl Tables {
    /// `database` is there already, and `open_items` opens the items in it.
    pub(crate) fn new(
        database: Database,
        open_items: impl Fn() -> Result<Items, String> + Send + 'static,
    ) -> Result<Self, String> {
        Ok(Self {
            items: open_items()?,
            database,
            open_items: Box::new(open_items),
        })
    }

    /// Lets the items learn that a table has changed: they keep what they have read of the tables' definitions.
    pub(crate) fn changed(&mut self) -> Result<(), String> {
        self.items = (self.open_items)()?;
        Ok(())
    }
}

/// Returns the function that opens the tables at `location`.
pub(crate) fn open_at(location: &Location, durability: Durability) -> Result<Open, String> {
    match location {
        Location::Disk(path) => open_file(path, durability),
        Location::Memory => open_memory(),
    }
}

fn open_file(path: &Path, durability: Durability) -> Result<Open, String> {
    let text = path.to_str().ok_or("its path is not UTF-8")?.to_owned();
    Ok(Box::new(move || {
        let database = database(&text)?;
        if durability == Durability::Process {
            // By default the engine commits with synchronous=FULL. This is its only public way to set NORMAL, which is
            // enough to survive the end of the process. The other settings that it makes are SQLite's defaults.
            database
                .disable_bulk_loading()
                .map_err(|error| error.to_string())?;
        }
        let path = text.clone();
        Tables::new(database, move || items(&path, durability))
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
    let keeper = database(&name)?;
    Ok(Box::new(move || {
        let _held = &keeper;
        let path = name.clone();
        Tables::new(database(&name)?, move || items(&path, Durability::Process))
    }))
}

fn database(path: &str) -> Result<Database, String> {
    Database::new(path).map_err(|error| error.to_string())
}

fn items(path: &str, durability: Durability) -> Result<Items, String> {
    let opened = Storage::new(path).map_err(|error| error.to_string());
    Items::new(opened?, durability).map_err(|error| error.to_string())
}
