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

/// The fault injection of one local cloud. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    plan: RwLock<Option<Arc<FaultPlan>>>,
    draws: Draws,
    counts: Counts,
}

impl Faults {
    /// Activates a plan, or turns fault injection off. Decisions start again from the plan's seed. The counts
    /// continue.
    pub fn set(&self, plan: Option<FaultPlan>) {
        *self.0.plan.write().unwrap_or_else(PoisonError::into_inner) = plan.map(Arc::new);
        self.0.draws.restart();
    }

    /// Returns true if a plan is active.
    #[must_use]
    pub fn active(&self) -> bool {
        self.plan().is_some()
    }

    /// Returns the number of injected faults since the start, by kind and by subject.
    #[must_use]
    pub fn injected(&self) -> Injected {
        self.0.counts.read()
    }

    /// Counts an injected fault. `subject` is its operation (`sqs:SendMessage`), queue or function.
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
