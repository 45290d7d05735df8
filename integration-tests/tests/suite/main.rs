//! The system from outside: the real command, the real processes, AWS's own wire protocols.
//!
//! Every test starts a system of its own on free ports, and waits for conditions, never for time to pass.

#![expect(
    clippy::unwrap_used,
    reason = "a failed unwrap is a failed test, with a line number"
)]

mod answers;
mod bulk;
mod command;
mod dead_letters;
mod duplicates;
mod durability;
mod faults;
mod flow;
mod isolation;
mod lifecycle;
mod listing;
mod load;
mod poison;
mod redrive;
mod refusals;
mod subscribers;
mod system;
