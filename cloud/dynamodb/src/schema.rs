//! The schema version of the engine's database.

use std::path::Path;

use cloud_store::{SchemaAge, StoreError};

/// The version that the engine writes. The engine is pinned to one release, and a test compares the two.
const VERSION: i64 = 11;
const RECORDED: &str = "SELECT CAST(value AS INTEGER) FROM _config WHERE key = 'schema_version'";

/// Compares the version of a database with the engine's, without a change to it. Refuses a newer one, which the engine
/// itself would open.
pub fn examine(path: &Path) -> Result<SchemaAge, StoreError> {
    cloud_store::examine(path, RECORDED, VERSION)
}

#[cfg(test)]
mod tests {
    use dynoxide::Database;

    use super::*;

    #[test]
    fn the_engine_writes_the_version_that_is_expected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("dynamodb.db");
        assert_eq!(examine(&path).unwrap(), SchemaAge::New);
        drop(Database::new(path.to_str().unwrap()).unwrap());
        assert_eq!(examine(&path).unwrap(), SchemaAge::Current);
    }
}
