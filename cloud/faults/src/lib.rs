//! Fault injection: produces on purpose the faults that AWS can produce.
//!
//! A [`FaultPlan`] states the probability of each fault. [`Faults`] holds the active plan, decides each case, and counts the
//! injected faults. This crate only decides: the endpoint, the event source and the function inject the faults.
//!
//! An [`Outage`] takes operations away wholly, with or without a plan, until it is ended.
//!
//! **Invariants:** Without a plan and an outage there are no faults. The same seed gives the same decisions, in whatever order calls, queues
//! and functions come.
//!
//! Imports no other crate of the workspace.

mod call;
mod count;
mod delivery;
mod draws;
mod faults;
mod kill;
mod outage;
mod pattern;
mod plan;
mod probability;
mod rules;

pub use call::{CallFaults, Failure};
pub use count::{FaultKind, Injected};
pub use faults::Faults;
pub use kill::{Kill, wait_for_kill};
pub use outage::Outage;
pub use plan::{FaultPlan, FaultPlanError};
