//! The data that the system holds: rows, events, emails, dead letters and messages in the queues.

use std::collections::BTreeSet;

use dead_letters::DeadLetter;

use super::mail::Mailbox;
use super::rows::Row;
use crate::event_audit::Event;

/// The data that the system holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// All rows.
    pub(super) rows: Vec<Row>,
    /// The ids of the orders that an operator erased.
    pub(super) erased: BTreeSet<String>,
    /// The ids of the journal's orders that are older than rows are kept.
    pub(super) outlived: BTreeSet<String>,
    /// All events of the audit queues.
    pub(super) events: Vec<Event>,
    /// All emails; `None` if mail cannot be read.
    pub(super) mail: Option<Mailbox>,
    /// All dead letters.
    pub(super) letters: Vec<DeadLetter>,
    /// Messages that are still in the queues.
    pub(super) in_flight: u64,
}
