//! Waiting between two tries.

use std::time::Duration;

/// The longest wait: a system that comes back is not kept waiting for its load.
const LONGEST: Duration = Duration::from_secs(5);
/// The first wait.
const FIRST: Duration = Duration::from_millis(100);

/// The wait after try `attempt`, from 1: uniform in [d/2, d], where d doubles from 100 ms to 5 s.
pub(super) fn delay(attempt: u32, rng: &mut fastrand::Rng) -> Duration {
    let most = FIRST
        .saturating_mul(1 << attempt.saturating_sub(1).min(6))
        .min(LONGEST);
    most.mul_f64(0.5 + rng.f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_limit() {
        let mut rng = fastrand::Rng::with_seed(1);
        for (attempt, most) in [(1, 100), (2, 200), (6, 3200), (7, 5000), (1000, 5000)] {
            let most = Duration::from_millis(most);
            let delay = delay(attempt, &mut rng);
            assert!(delay >= most / 2 && delay <= most, "{attempt}: {delay:?}");
        }
    }
}
