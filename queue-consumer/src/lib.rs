//! Handles the messages of one SQS queue that a function receives in batches: what order-worker and notifier do alike.
//!
//! [`consumer`] runs an invocation through the modules in this order: [`batch`] reads the event into [`record`]s; [`settle`]
//! sends records that may have killed a process to the retry queue; the function works on the others and puts a [`failure`]
//! into the [`results`] for each record that failed; [`settle`] dead-letters those or sends them again; [`batch`] builds the
//! answer. [`budget`] divides the invocation's time.
//!
//! A message that failed for a passing reason is *sent again* to its queue, with a delay from the [`schedule`], and only
//! then reported as done. A delayed message is not in flight: a standard queue holds about 120,000 messages in flight, and
//! then gives no more (AWS, "Amazon SQS message quotas"), but any number of delayed ones.
//!
//! **Invariant:** a record that failed is reported, unless its dead letter or its next copy is known to be stored.
//!
//! When a service that the messages need is away, an invocation holds its batch and waits for the return of the service
//! ([`function_runtime::batch_calls`]). The backlog stays visible in the queue meanwhile, loses no receive, and drains at once.
//!
//! **Invariant:** a panic while a record is handled fails that record alone, and a panic in a call is that call's error.
//!
//! SQS is reached only through the [`ports`]; `adapters` implement them with the SDK.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod attribute;
pub mod batch;
pub mod budget;
pub mod consumer;
pub mod failure;
#[cfg(test)]
mod fakes;
pub mod marks;
pub mod outgoing;
pub mod ports;
pub mod queue_calls;
pub mod quotas;
pub mod record;
pub mod results;
pub mod retries;
pub mod schedule;
pub mod settle;
mod visibility;
