//! Faults on demand: what AWS does to a system on a bad day, done on purpose.
//!
//! A [`FaultPlan`] says how often which call, delivery or invocation goes wrong; [`Faults`] holds the plan in force,
//! decides each case from the plan's seed, and counts what it did. Nothing happens without a plan. What a decision
//! looks like on the wire is the endpoint's, what it means for a message or a process is the event source's and the
//! function's.

use std::sync::{Arc, PoisonError, RwLock};

use fastrand::Rng;

use crate::count::{Counts, FaultKind, Injected};
use crate::draws::Draws;
use crate::plan::FaultPlan;

/// The faults of one local cloud; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    plan: RwLock<Option<Arc<FaultPlan>>>,
    draws: Draws,
    counts: Counts,
}

impl Faults {
    /// Puts a plan in force, or ends all faults. Decisions begin anew from the plan's seed; the counts go on.
    pub fn set(&self, plan: Option<FaultPlan>) {
        *self.0.plan.write().unwrap_or_else(PoisonError::into_inner) = plan.map(Arc::new);
        self.0.draws.restart();
    }

    /// Whether a plan is in force.
    #[must_use]
    pub fn active(&self) -> bool {
        self.plan().is_some()
    }

    /// What was injected since the start, by kind and by what it hit.
    #[must_use]
    pub fn injected(&self) -> Injected {
        self.0.counts.read()
    }

    /// Counts a fault that has happened. `subject` is what it hit: `sqs:SendMessage`, a queue, a function.
    pub fn record(&self, kind: FaultKind, subject: &str) {
        self.0.counts.add(kind, subject);
    }

    /// The random number generator for a subject's next case.
    pub(crate) fn next_rng(&self, seed: u64, subject: &str) -> Rng {
        self.0.draws.next(seed, subject)
    }

    pub(crate) fn plan(&self) -> Option<Arc<FaultPlan>> {
        self.0.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
