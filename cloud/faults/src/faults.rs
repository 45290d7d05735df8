//! Decides which faults are injected, and counts them.
//!
//! A [`FaultPlan`] states the probability of each fault of a call, a delivery or an invocation. [`Faults`] holds the active
//! plan, and decides each case with the plan's seed. Without a plan and an outage there are no faults.
//!
//! This crate only decides. The endpoint builds the answers, the event source changes the deliveries, and the function kills
//! its processes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use fastrand::Rng;

use crate::count::{Counts, FaultKind, Injected};
use crate::draws::Draws;
use crate::outage::Outage;
use crate::plan::FaultPlan;

/// The fault injection of one local cloud. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    plan: RwLock<Option<Arc<FaultPlan>>>,
    outages: RwLock<BTreeMap<String, Arc<Outage>>>,
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

    /// Begins an outage. It replaces one of the same name, and lasts until it is ended.
    pub fn begin_outage(&self, name: &str, outage: Outage) {
        let mut outages = self.0.outages.write().unwrap_or_else(PoisonError::into_inner);
        outages.insert(name.to_owned(), Arc::new(outage));
    }

    /// Ends an outage. Returns false if there is none of this name.
    pub fn end_outage(&self, name: &str) -> bool {
        let mut outages = self.0.outages.write().unwrap_or_else(PoisonError::into_inner);
        outages.remove(name).is_some()
    }

    /// Returns the names of the outages that last.
    #[must_use]
    pub fn outages(&self) -> Vec<String> {
        let outages = self.0.outages.read().unwrap_or_else(PoisonError::into_inner);
        outages.keys().cloned().collect()
    }

    /// Returns the first outage of a call.
    pub(crate) fn find_outage(&self, operation: &str, function: Option<&str>) -> Option<Arc<Outage>> {
        let outages = self.0.outages.read().unwrap_or_else(PoisonError::into_inner);
        let mut outages = outages.values();
        outages.find(|outage| outage.fits(operation, function)).cloned()
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
