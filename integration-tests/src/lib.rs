//! Parts that both test programs of this package use: processes by their ids, and a time limit for each test.

pub mod process;
pub mod time_limit;
