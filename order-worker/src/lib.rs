//! The worker Lambda: takes batches of accepted orders from the queue, stores each order once and publishes an event that it
//! is confirmed.
//!
//! **Invariant:** the queue's message is the outbox. A message is acknowledged only if the order's row exists *and* its event
//! was published, or if the dead-letter queue holds the message with its reason. A row never proves that its event was
//! published.
//!
//! **Invariant:** rows are inserted and read, never overwritten or deleted. The function's role permits nothing else.
//!
//! [`worker`] decodes, inserts, compares and publishes a batch. [`classification`] gives the reason of each failure.
//! [`queue_consumer`] reads the SQS event, settles messages that failed, and has the failure table. AWS is reached only through the
//! [`ports`]; `adapters` implement them.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod classification;
pub mod config;
#[cfg(test)]
mod fakes;
pub mod ports;
#[cfg(feature = "aws")]
mod run;
pub mod worker;

#[cfg(feature = "aws")]
pub use run::run;
pub use worker::Worker;
