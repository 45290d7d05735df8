//! Probabilities in a fault plan.

use fastrand::Rng;
use serde::Deserialize;

/// A probability from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Probability(f64);

impl Probability {
    pub(super) fn value(self) -> f64 {
        self.0
    }

    /// Decides by a random number whether the fault happens. It always takes exactly one random number.
    pub(super) fn happens(self, rng: &mut Rng) -> bool {
        rng.f64() < self.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!(
                "{value} is no chance: it must be from 0 (never) to 1 (always)"
            ))
        }
    }
}
