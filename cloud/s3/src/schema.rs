//! The tables of buckets, objects and uploads, and the sequence of events.

/// Each step brings the tables from the version of its index to the next. Steps are only added, at the end.
pub const MIGRATIONS: [&str; 2] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];
