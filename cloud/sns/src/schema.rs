//! The tables of topics, subscriptions, mail, the signing key and deliveries.

/// Each step brings the tables from the version of its index to the next. Steps are only added, at the end.
pub const MIGRATIONS: [&str; 5] = [
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
];
