//! The ports of both services, implemented on the simulated world.

mod effects;
pub(crate) mod notifier;
mod queues;
mod retries;
pub(crate) mod worker;
