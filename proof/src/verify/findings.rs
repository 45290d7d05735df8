//! The differences between the journal and the evidence.

use std::collections::{BTreeMap, BTreeSet};

use super::letters::ClassifiedLetters;

/// The differences between the journal and the evidence. [`super::report`] decides which of them must be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Accepted orders that are neither in a row nor in a dead letter.
    pub(super) lost: BTreeSet<String>,
    /// Accepted orders that an operator erased. Nothing is expected of them.
    pub(super) erased: BTreeSet<String>,
    /// Accepted orders without a row that are older than rows are kept. Whether they were stored is not known.
    pub(super) expired: BTreeSet<String>,
    /// Accepted orders that were cancelled.
    pub(super) cancelled: BTreeSet<String>,
    /// Idempotency keys with more than one row or more than one order id.
    pub(super) doubled: BTreeSet<String>,
    /// Orders whose row, event or dead letter has other content than was accepted: the order's id and what differs.
    pub(super) differing: BTreeMap<String, String>,
    /// Stored orders without an event.
    pub(super) unpublished: BTreeSet<String>,
    /// Stored orders that no email covers; `None` if mail cannot be read.
    pub(super) unnotified: Option<BTreeSet<String>>,
    /// The dead letters by what they hold.
    pub(super) letters: ClassifiedLetters,
    /// The keys of rows that are not from the journal.
    pub(super) stray_rows: BTreeSet<String>,
    /// The message ids of events that cannot be parsed or are about no stored order of the journal.
    pub(super) stray_events: BTreeSet<String>,
    /// The number of emails that cannot be parsed or name an order that is no stored order of the journal; `None` if mail
    /// cannot be read.
    pub(super) stray_emails: Option<usize>,
    /// Events beyond the first of an order.
    pub(super) republished: u64,
    /// How often an inbox was notified again that an order is confirmed; `None` if mail cannot be read.
    pub(super) notified_again: Option<u64>,
}

impl Findings {
    /// Whether an order was erased, or its row is older than rows are kept and not there. Its event and email are known all the same.
    pub(super) fn is_gone(&self, id: &str) -> bool {
        self.erased.contains(id) || self.expired.contains(id)
    }
}
