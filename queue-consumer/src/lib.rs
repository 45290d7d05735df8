//! Handles the messages of one SQS queue that a function receives in batches: what order-worker and notifier do alike.
//!
//! One invocation passes through the modules in this order: [`batch`] reads the event into [`record`]s; the function works
//! on them and gives a [`failure`] for each record that failed; [`settle`] dead-letters those or sets the time of their
//! retry; [`batch`] builds the answer. A message that can never succeed, or that was received for the last time, becomes a
//! [`dead_letter`] with the reason. Every other message returns at the time that the [`schedule`] sets.
//!
//! **Invariant:** a record that failed is reported, unless its dead letter is known to be stored.
//!
//! **Invariant:** a panic while a record is handled fails that record alone, and a panic in a call is that call's error.
//!
//! SQS is reached only through the [`ports`]; `adapters` implement them with the SDK.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod batch;
pub mod dead_letter;
pub mod failure;
#[cfg(test)]
mod fakes;
pub mod ports;
pub mod queue_calls;
pub mod quotas;
pub mod record;
pub mod schedule;
pub mod settle;
mod visibility;
