//! The wait between two attempts.
//!
//! `backon` is not used: its jitter only lengthens a wait, while this one draws it from the upper half of the interval.

use std::time::Duration;

/// The longest wait. It is short, so that the load goes on soon after the system has come back.
const LONGEST: Duration = Duration::from_secs(5);
/// The first wait.
const FIRST: Duration = Duration::from_millis(100);

/// The wait after attempt number `attempt`, which counts from 1: uniform in [d/2, d], where d doubles from 100 ms to 5 s.
pub(super) fn draw_delay(attempt: u32, rng: &mut fastrand::Rng) -> Duration {
    let longest = FIRST
        .saturating_mul(1 << attempt.saturating_sub(1).min(6))
        .min(LONGEST);
    longest.mul_f64(0.5 + rng.f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_a_limit() {
        let mut rng = fastrand::Rng::with_seed(1);
        for (attempt, longest) in [(1, 100), (2, 200), (6, 3200), (7, 5000), (1000, 5000)] {
            let longest = Duration::from_millis(longest);
            let delay = draw_delay(attempt, &mut rng);
            assert!(delay >= longest / 2 && delay <= longest, "{attempt}: {delay:?}");
        }
    }
}
