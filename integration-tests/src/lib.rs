//! What both test programs of this package need of the operating system: processes by their ids, and a time limit for
//! each test.

pub mod process;
pub mod time_limit;
