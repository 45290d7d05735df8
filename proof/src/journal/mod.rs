//! The journal of a load: what the API accepted, written by the client.
//!
//! The format is JSON Lines. An entry is on disk before the load counts it, so that `verify` compares the system with
//! everything that the API promised. One file may hold several runs, one after the other.

mod entry;
mod reader;
mod writer;

pub(crate) use entry::{AuditQueue, Entry, Poison, VERSION};
pub(crate) use reader::{Acceptance, Journal};
pub(crate) use writer::Writer;
