//! A random number generator with a seed, so that a test can repeat a run.

use std::sync::{Mutex, PoisonError};

/// A random number generator that calls at the same time share.
#[derive(Debug)]
pub struct Rng(Mutex<fastrand::Rng>);

impl Rng {
    /// A generator that gives the same numbers for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Draws from the generator. A panic elsewhere leaves the generator usable: its state is complete after each draw.
    pub fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
