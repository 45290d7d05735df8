//! The notifier Lambda: emails the shop about confirmed orders.
//!
//! One invocation takes a batch of events from the queue and skips orders that are marked as notified. It sends an email for each
//! other order, or digests if there are many, at a rate below the limit of SNS's email channel, and marks the orders of each
//! email. A message that cannot be handled now is retried with backoff; one that can never be handled is dead-lettered with the
//! reason.
//!
//! **Invariant:** an order is marked only after its email was published to a topic with a confirmed subscriber. A message is
//! acknowledged only if its order is marked, or if the dead-letter queue holds it.
//!
//! [`orders`] groups the records of a batch by order, [`notifier`] reads, sends and marks, and [`email`] writes the texts.
//! [`queue_consumer`] reads the SQS event and settles messages that failed. AWS is reached only through the [`ports`];
//! `adapters` implement them.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod config;
pub mod email;
pub mod notifier;
pub mod orders;
pub mod pacer;
pub mod ports;

#[cfg(feature = "aws")]
mod run;

#[cfg(test)]
mod fakes;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod panics;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod scenarios;

pub use notifier::Notifier;
#[cfg(feature = "aws")]
pub use run::run;
