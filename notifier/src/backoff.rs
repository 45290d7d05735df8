//! How long to wait before trying again.

use std::ops::RangeInclusive;
use std::time::Duration;

/// A message's delay after its `receive_count`-th receive: uniform in [d/2, d] with d = min(900 s, 5 s x 2^(n-1)), in
/// whole seconds, as SQS counts visibility.
///
/// Twelve receives outlast an outage of half an hour; the jitter keeps messages that failed together from coming
/// back together.
#[must_use]
pub fn message_delay(receive_count: u32, rng: &mut fastrand::Rng) -> Duration {
    Duration::from_secs(rng.u64(seconds(receive_count)))
}

/// What [`message_delay`] draws from.
fn seconds(receive_count: u32) -> RangeInclusive<u64> {
    let doublings = receive_count.saturating_sub(1).min(8);
    let longest = (5_u64 << doublings).min(900);
    longest.div_ceil(2)..=longest
}

/// The wait within an invocation before call number `attempt` (from 1) is repeated: full jitter up to 50 ms x
/// 2^attempt, at most 1 s.
#[must_use]
pub fn call_delay(attempt: u32, rng: &mut fastrand::Rng) -> Duration {
    let longest = (50_u64 << attempt.min(5)).min(1000);
    Duration::from_millis(rng.u64(0..=longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let mut rng = fastrand::Rng::with_seed(1);
        for (receive, least, most) in [
            (0, 3, 5),
            (1, 3, 5),
            (2, 5, 10),
            (3, 10, 20),
            (8, 320, 640),
            (9, 450, 900),
            (1000, 450, 900),
        ] {
            for _ in 0..200 {
                let delay = message_delay(receive, &mut rng).as_secs();
                assert!((least..=most).contains(&delay), "receive {receive}: {delay} s");
            }
        }
    }

    #[test]
    fn twelve_receives_outlast_half_an_hour_at_the_shortest() {
        let least: u64 = (1..12).map(|receive| *seconds(receive).start()).sum();
        assert!(least >= 30 * 60, "{least} s");
    }

    #[test]
    fn calls_are_repeated_within_a_second() {
        let mut rng = fastrand::Rng::with_seed(1);
        assert!((1..40).all(|attempt| call_delay(attempt, &mut rng) <= Duration::from_secs(1)));
    }
}
