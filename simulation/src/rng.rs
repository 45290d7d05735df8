//! The random number generator of a run, seeded by the plan.

use std::time::Duration;

/// A seeded random number generator.
#[derive(Debug)]
pub(crate) struct Rng(fastrand::Rng);

impl Rng {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// Returns true in `percent` of all calls.
    pub(crate) fn happens_percent(&mut self, percent: u32) -> bool {
        percent > 0 && self.0.u32(0..100) < percent
    }

    /// Returns true in `per_mille` of a thousand calls.
    pub(crate) fn happens_per_mille(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.0.u32(0..1000) < per_mille
    }

    /// Draws a number of milliseconds, uniform in [min, max].
    pub(crate) fn draw_milliseconds(&mut self, min: u64, max: u64) -> Duration {
        Duration::from_millis(self.0.u64(min..=max))
    }

    /// Draws an index of a list of `length` items, which must not be empty.
    pub(crate) fn draw_index(&mut self, length: usize) -> usize {
        self.0.usize(0..length)
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.draw_index(choices.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        self.0.shuffle(list);
    }

    /// Draws the seed of another generator.
    pub(crate) fn draw_seed(&mut self) -> u64 {
        self.0.u64(..)
    }
}
