//! The records' outcomes while they come in.

use crate::orders::Candidate;
use crate::outcome::{ErrorCode, Outcome};

/// The records' outcomes while they come in.
pub(super) struct Outcomes(Vec<Option<Outcome>>);

impl Outcomes {
    pub(super) fn new(records: usize) -> Self {
        Self(vec![None; records])
    }

    pub(super) fn set(&mut self, index: usize, outcome: Outcome) {
        if let Some(place) = self.0.get_mut(index) {
            *place = Some(outcome);
        }
    }

    /// An order's outcome is that of each of its copies.
    pub(super) fn settle(&mut self, candidate: &Candidate, outcome: &Outcome) {
        for &index in &candidate.records {
            self.set(index, outcome.clone());
        }
    }

    pub(super) fn settle_all(&mut self, candidates: &[Candidate], outcome: &Outcome) {
        for candidate in candidates {
            self.settle(candidate, outcome);
        }
    }

    /// A record that nothing was said of is not done: what is forgotten is never deleted.
    pub(super) fn finish(self) -> Vec<Outcome> {
        let forgotten = || Outcome::transient(ErrorCode::OutOfTime, "the record was not come to");
        self.0
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(forgotten))
            .collect()
    }
}
