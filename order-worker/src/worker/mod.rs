//! The worker: inserts the orders of a batch, publishes their events, and settles the records that failed.

mod calls;
mod confirm;
mod invocation;
mod outcome;
mod publish;
mod record;
mod suspect;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use function_runtime::Rng;

use crate::ports::Ports;

/// Processes batches.
#[derive(Debug)]
pub struct Worker<P> {
    ports: P,
    max_receive_count: NonZeroU32,
    rng: Rng,
}

impl<P: Ports> Worker<P> {
    /// A worker on `ports`, for a queue with this `maxReceiveCount`. `seed` decides all random numbers.
    pub fn new(ports: P, max_receive_count: NonZeroU32, seed: u64) -> Self {
        Self {
            ports,
            max_receive_count,
            rng: Rng::seeded(seed),
        }
    }
}
