//! The proof that the system keeps its promises.
//!
//! `load` sends orders and writes down which of them were accepted. `verify` compares that journal with rows, events, mail
//! and dead letters. `fault-run` does both on a system of its own while functions and the system are killed.

mod event_audit;
pub mod fault_run;
pub mod faults;
mod journal;
pub mod load;
mod outages;
pub mod process_tree;
pub mod verify;
