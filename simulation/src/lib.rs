//! A simulation of order-worker and notifier, from the queue of orders to the mailbox, under failure.
//!
//! The code of [`order_worker::Worker`] and [`notifier::Notifier`] runs unchanged. This crate replaces everything around
//! it: queues, table, topics, mailbox, clock, and Lambda's event source mappings. A [`Plan`] says what happens, and its
//! seed seeds the only random number generator, so that the same plan always runs the same way.
//!
//! [`run`] plays a plan in four phases:
//!
//! 1. Orders arrive while calls fail in every way that the ports allow, and processes die between any two of their steps.
//! 2. The faults end, and the world runs until it is idle: no event is left.
//! 3. All dead letters are replayed.
//! 4. The world runs until it is idle again.
//!
//! The rules ([`rule::Rule`]) are checked at each step. The [`Report`] lists each violation.
//!
//! **Invariant:** nothing here reads a clock, a source of randomness, or the machine. Time passes only from one event to
//! the next.

mod call;
mod checks;
mod delete;
mod erasure;
mod history;
mod lambda;
mod pipeline;
pub mod plan;
mod ports;
mod queue;
mod receive;
mod rng;
pub mod rule;
mod run;
mod schedule;
mod traffic;
mod versions;
mod world;

pub use plan::Plan;
pub use run::{Report, run};
