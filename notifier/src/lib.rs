//! notifier: turns the events of confirmed orders into email to the shop.
//!
//! One invocation takes a batch of events from the queue, skips the orders that are marked as notified, sends the
//! others (one email each when it is quiet, digests when it is busy) at a pace that SNS's email channel survives,
//! and marks what was sent. What cannot be done now is retried with backoff; what can never be done goes to the
//! dead-letter queue with the reason.
//!
//! **Invariant:** an order is marked only after its email was published to a topic with a confirmed subscriber, and
//! a message is acknowledged only when its order is marked or its dead letter is stored.
//!
//! A batch's way through the modules: [`orders`] gathers the copies of each order, [`notifier`] decides and sends, and
//! [`email`] words it. Reading the batch, and what becomes of a message that is not done, is [`queue_consumer`]'s.
//! [`ports`] is what all of that needs of the outside; only [`adapters`] name an AWS SDK.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod backoff;
pub mod config;
pub mod email;
pub mod notifier;
pub mod orders;
pub mod outcome;
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
mod scenarios;
#[cfg(test)]
mod suspects;

pub use notifier::Notifier;
#[cfg(feature = "aws")]
pub use run::run;
