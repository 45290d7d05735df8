//! Fault injection: produces on purpose the faults that AWS can produce.
//!
//! A [`FaultPlan`] says how often which call, delivery or invocation fails; [`Faults`] holds the plan in force, decides
//! each case and counts what it did. Invariants: nothing happens without a plan, and the same seed gives the same
//! decisions, whatever the order in which calls, queues and functions come. Deciding is all that happens here: the endpoint
//! and Lambda carry the decisions out.
//!
//! Imports no other crate of the workspace.

mod call;
mod count;
mod delivery;
mod draws;
mod faults;
mod kill;
mod pattern;
mod plan;
mod probability;
mod rules;

pub use call::{CallFaults, Failure};
pub use count::{FaultKind, Injected};
pub use faults::Faults;
pub use kill::{Kill, wait_for_kill};
pub use plan::{FaultPlan, FaultPlanError};
