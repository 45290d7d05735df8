//! How long to wait between the attempts of one invocation.

use std::time::Duration;

use crate::rng::Rng;

/// Exponential backoff with equal jitter: before the next attempt the wait is uniform in [d/2, d], d being
/// min(`max`, `first` * 2^n) after n attempts.
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait before it has doubled.
    pub first: Duration,
    /// The longest wait of all.
    pub max: Duration,
}

impl Backoff {
    /// The wait after `attempts` attempts, in whole milliseconds.
    #[must_use]
    pub fn wait(&self, attempts: u32, rng: &Rng) -> Duration {
        let longest = self.first.saturating_mul(1 << attempts.min(16)).min(self.max);
        let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(rng.draw(|rng| rng.u64(longest.div_ceil(2)..=longest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let rng = Rng::seeded(7);
        let backoff = Backoff {
            first: Duration::from_millis(100),
            max: Duration::from_millis(6400),
        };
        for (attempts, longest) in [(0, 100), (1, 200), (2, 400), (40, 6400)] {
            let waits: Vec<u128> = (0..200)
                .map(|_| backoff.wait(attempts, &rng).as_millis())
                .collect();
            assert!(waits.iter().all(|wait| (longest / 2..=longest).contains(wait)));
            assert!(waits.iter().any(|wait| *wait > longest * 3 / 4));
        }
    }
}
