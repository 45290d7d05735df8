//! Chance, all of it from the plan's seed.

use std::time::Duration;

/// Draws.
#[derive(Debug)]
pub(crate) struct Chance(fastrand::Rng);

impl Chance {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Whether something of `percent` happens.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        percent > 0 && self.0.u32(0..100) < percent
    }

    /// Whether something of `per_mille` happens.
    pub(crate) fn per_mille(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.0.u32(0..1000) < per_mille
    }

    /// Milliseconds, uniform in [least, most].
    pub(crate) fn milliseconds(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.0.u64(least..=most))
    }

    /// A place in a list of `length`, which is not empty.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        self.0.usize(0..length)
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.place(choices.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }

    /// A seed for a generator of its own.
    pub(crate) fn seed(&mut self) -> u64 {
        self.0.u64(..)
    }
}
