//! The worker: inserts the orders of a batch, publishes their events, and settles the records that failed.

mod calls;
mod confirm;
mod invocation;
mod outcome;
mod publish;
mod record;
#[cfg(test)]
mod tests;

use function_runtime::Rng;
use queue_consumer::retries::Retries;

use crate::ports::Ports;

/// Processes batches.
#[derive(Debug)]
pub struct Worker<P> {
    ports: P,
    retries: Retries,
    rng: Rng,
}

impl<P: Ports> Worker<P> {
    /// A worker on `ports`. `seed` decides all random numbers.
    pub fn new(ports: P, retries: Retries, seed: u64) -> Self {
        Self {
            ports,
            retries,
            rng: Rng::seeded(seed),
        }
    }
}
