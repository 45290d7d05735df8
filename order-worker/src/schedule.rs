//! When a failed message is tried again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The longest delay, in seconds.
pub const LONGEST: u32 = 900;

/// The most seconds until a message that failed at its `receive_count`th receive is shown again: min(900, 5 * 2^(n-1)).
#[must_use]
pub fn longest_visibility_seconds(receive_count: u32) -> u32 {
    let doublings = receive_count.saturating_sub(1).min(16);
    5_u32.saturating_mul(1 << doublings).min(LONGEST)
}

/// Chance, from a seed, so that a test can repeat it.
#[derive(Debug)]
pub struct Jitter(Mutex<fastrand::Rng>);

impl Jitter {
    /// Chance that always falls the same way for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    /// Seconds until a message that failed at its `receive_count`th receive is shown again: uniform in [d/2, d], d being
    /// [`longest_visibility_seconds`]. Twelve receives so outlast an outage of half an hour.
    #[must_use]
    pub fn visibility_seconds(&self, receive_count: u32) -> u32 {
        let longest = longest_visibility_seconds(receive_count);
        self.draw(|rng| rng.u32(longest.div_ceil(2)..=longest))
    }

    /// The pause before the next attempt within the invocation: full jitter, uniform in [0, 100 ms * 2^attempt].
    /// Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    #[must_use]
    pub fn pause(&self, attempt: u32) -> Duration {
        let longest = 100_u64 << attempt.min(6);
        Duration::from_millis(self.draw(|rng| rng.u64(0..=longest)))
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let jitter = Jitter::seeded(1);
        for (receive_count, longest) in [
            (0, 5),
            (1, 5),
            (2, 10),
            (5, 80),
            (8, 640),
            (9, 900),
            (u32::MAX, 900),
        ] {
            for _ in 0..200 {
                let seconds = jitter.visibility_seconds(receive_count);
                assert!(
                    (longest / 2..=longest).contains(&seconds),
                    "{receive_count}: {seconds}"
                );
            }
        }
    }

    #[test]
    fn twelve_receives_outlast_half_an_hour_at_the_shortest() {
        let template = include_str!("../../template.yaml");
        let (_, parameter) = template.split_once("\n  MaxReceiveCount:\n").unwrap();
        let (_, default) = parameter.split_once("Default: ").unwrap();
        let receives: u32 = default.lines().next().unwrap().parse().unwrap();
        let jitter = Jitter::seeded(1);
        let shortest = |receive| (0..20_000).map(|_| jitter.visibility_seconds(receive)).min();
        let shortest: u32 = (1..receives).filter_map(shortest).sum();
        assert!(shortest >= 30 * 60, "{shortest}");
    }

    #[test]
    fn the_same_seed_falls_the_same_way() {
        let draws = |seed| {
            let jitter = Jitter::seeded(seed);
            (0..20).map(|attempt| jitter.pause(attempt)).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert!(draws(7).iter().all(|pause| *pause <= Duration::from_millis(6400)));
    }
}
