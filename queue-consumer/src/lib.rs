//! Handles the messages of one SQS queue that a function receives in batches: what order-worker and notifier do alike.
//!
//! One invocation passes through the modules in this order: [`batch`] reads the event into [`record`]s; [`settle`] sends
//! records that may have killed a process to the retry queue; the function works on the others and gives a [`failure`] for
//! each record that failed; [`settle`] dead-letters those or sends them again; [`batch`] builds the answer.
//!
//! A message that failed for a passing reason is *sent again* to its queue, with a delay from the [`schedule`], and only
//! then reported as done. A delayed message is not in flight: a standard queue holds about 120,000 messages in flight, and
//! then gives no more (AWS, "Amazon SQS message quotas"), but any number of delayed ones.
//!
//! **Invariant:** a record that failed is reported, unless its dead letter or its next copy is known to be stored.
//!
//! **Invariant:** a panic while a record is handled fails that record alone, and a panic in a call is that call's error.
//!
//! SQS is reached only through the [`ports`]; `adapters` implement them with the SDK.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod attribute;
pub mod batch;
pub mod failure;
#[cfg(test)]
mod fakes;
pub mod outgoing;
pub mod ports;
pub mod queue_calls;
pub mod quotas;
pub mod record;
pub mod retries;
pub mod schedule;
pub mod settle;
mod visibility;
