//! The table of events.

/// Each step brings the table from the version of its index to the next. Steps are only added, at the end.
pub const MIGRATIONS: [&str; 1] = [include_str!("schema_1.sql")];
