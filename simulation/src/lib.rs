//! A simulation of the line that an order travels, from the queue of orders to the mailbox, under failure.
//!
//! The code of [`order_worker::Worker`] and [`notifier::Notifier`] runs unchanged. Everything around it is one small
//! world of this crate: queues, table, topics, mailbox, clock, and Lambda's event source mappings. A [`Plan`] says what
//! happens in it, and its seed decides all chance, so that the same plan always goes the same way.
//!
//! [`run`] plays a plan: orders arrive while calls fail in every way that the ports allow and processes die between any
//! two of their steps. Then the faults cease, the world comes to rest, the dead letters are replayed, and it comes to
//! rest again. Rules are checked at each step ([`rule::Rule`]); what breaks one is in the [`Report`].
//!
//! **Invariant:** nothing here reads a clock, a random source or the machine. Time passes only from event to event.

mod chance;
mod checks;
mod event_source;
mod fate;
mod function;
mod ledger;
mod letter;
mod notifier_ports;
pub mod plan;
mod queue;
mod queue_ports;
pub mod rule;
mod schedule;
mod simulate;
mod traffic;
mod worker_ports;
mod world;

pub use plan::Plan;
pub use simulate::{Report, run};
