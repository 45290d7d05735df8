//! What becomes of a message of an SQS queue that a function consumes in batches.
//!
//! One invocation's way through the modules: [`batch`] reads the event into [`record`]s, the function works on them and
//! says of each that failed by which [`failure`], [`settle`] buries or puts off those, and [`batch`] answers. A message
//! that can never succeed, or had its last receive, becomes a [`dead_letter`] that says why; every other comes back by
//! the [`schedule`].
//!
//! **Invariant:** a record that failed is reported, unless its dead letter is known to be stored.
//!
//! **Invariant:** nothing here panics on a message, and a panic of a call is that call's refusal.
//!
//! The outside is reached through [`ports`] only; [`adapters`] put SQS behind them.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod batch;
pub mod call;
pub mod chance;
pub mod dead_letter;
pub mod entries;
pub mod failure;
#[cfg(test)]
mod fakes;
pub mod pack;
pub mod ports;
pub mod quotas;
pub mod record;
pub mod refusal;
pub mod schedule;
pub mod settle;
pub mod window;
