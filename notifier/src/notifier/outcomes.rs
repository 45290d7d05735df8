//! The outcomes of a batch's records.

use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};

/// The outcomes that are known so far.
pub(super) struct Outcomes(Vec<Option<Outcome>>);

impl Outcomes {
    pub(super) fn new(records: usize) -> Self {
        Self(vec![None; records])
    }

    /// Sets the outcome of a record.
    pub(super) fn set(&mut self, index: usize, outcome: Outcome) {
        if let Some(known) = self.0.get_mut(index) {
            *known = Some(outcome);
        }
    }

    /// Sets the outcome of an order for each record that carries it.
    pub(super) fn set_order(&mut self, candidate: &Candidate, outcome: &Outcome) {
        for &index in &candidate.records {
            self.set(index, outcome.clone());
        }
    }

    /// Sets the same outcome for several orders.
    pub(super) fn set_orders(&mut self, candidates: &[Candidate], outcome: &Outcome) {
        for candidate in candidates {
            self.set_order(candidate, outcome);
        }
    }

    /// All outcomes. A record without one is not done: Lambda would delete its message.
    pub(super) fn finish(self) -> Vec<Outcome> {
        let missing = || Outcome::transient(ErrorCode::OutOfTime, "no time was left for the record");
        self.0
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(missing))
            .collect()
    }
}
