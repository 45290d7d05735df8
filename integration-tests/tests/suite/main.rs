//! The system, tested from outside: the real command, the real processes, AWS's own wire protocols.
//!
//! A test waits for conditions, never for time to pass. Each [`system::Sandbox`] limits the time of its test.

#![expect(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, with a line number"
)]

mod alarms;
mod answers;
mod batch;
mod cancelling;
mod claims;
mod command;
mod console;
mod cost;
mod dead_letters;
mod duplicates;
mod durability;
mod erasure;
mod faults;
mod flow;
mod invalid_requests;
mod isolation;
mod lifecycle;
mod listing;
mod load;
mod log_bytes;
mod poison;
mod redrive;
mod retention;
mod right_system;
mod scripts;
mod shop;
mod status;
mod subscribers;
mod system;
mod tasks;
mod tenants;
