//! How long to wait within an invocation before trying again.

use std::time::Duration;

use queue_consumer::chance::Chance;

/// The wait before call number `attempt` (from 1) is repeated: full jitter up to 50 ms x 2^attempt, at most 1 s.
#[must_use]
pub fn call_delay(attempt: u32, chance: &Chance) -> Duration {
    let longest = (50_u64 << attempt.min(5)).min(1000);
    Duration::from_millis(chance.draw(|rng| rng.u64(0..=longest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_repeated_within_a_second() {
        let chance = Chance::seeded(1);
        assert!((1..40).all(|attempt| call_delay(attempt, &chance) <= Duration::from_secs(1)));
    }
}
