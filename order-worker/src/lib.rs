//! The worker Lambda: takes batches of accepted orders from the queue, writes each once and publishes that it is
//! confirmed.
//!
//! **Invariant:** the queue's message is the outbox. A message is acknowledged only when the order's row exists *and*
//! its event was published, or when the message lies in the dead-letter queue with its reason. A row's existence alone
//! never proves that its event went out.
//!
//! **Invariant:** rows are inserted and read, never overwritten or deleted. The function's role says so too.
//!
//! One invocation's way through the modules: [`worker`] decodes, inserts, compares, publishes and settles, and
//! [`judgement`] alone decides what each failure means. Reading the SQS event, and what becomes of a failed message, is
//! [`queue_consumer`]'s. The outside is reached through [`ports`] only; [`adapters`] put AWS behind them.

#[cfg(feature = "aws")]
pub mod adapters;
pub mod budget;
pub mod config;
#[cfg(test)]
mod fakes;
pub mod judgement;
pub mod ports;
#[cfg(feature = "aws")]
mod run;
pub mod worker;

#[cfg(feature = "aws")]
pub use run::run;
pub use worker::Worker;
