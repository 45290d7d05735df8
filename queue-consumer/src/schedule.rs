//! When a failed message is received again.

use function_runtime::Rng;

/// The longest delay, in seconds. It is also the longest `DelaySeconds` that SQS accepts.
const MAX_SECONDS: u32 = 900;

/// The longest delay of a message whose service is away, in seconds. Each invocation holds its batch and waits for the return
/// of the service, so that only few messages are delayed, and these return soon.
const MAX_OUTAGE_SECONDS: u32 = 30;

/// The delay, in seconds, of a message that failed at its `receive`th receive: uniform in [d/2, d], d being
/// min(900, 5 * 2^(n-1)), or min(30, 5 * 2^(n-1)) in an outage. Messages that failed together do not return together.
#[must_use]
pub fn delay_seconds(receive: u32, is_outage: bool, rng: &Rng) -> u32 {
    let doublings = receive.saturating_sub(1).min(16);
    let limit = if is_outage {
        MAX_OUTAGE_SECONDS
    } else {
        MAX_SECONDS
    };
    let max = 5_u32.saturating_mul(1 << doublings).min(limit);
    rng.draw(|rng| rng.u32(max.div_ceil(2)..=max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let rng = Rng::seeded(1);
        for (receive_count, least, most) in [
            (0, 3, 5),
            (1, 3, 5),
            (2, 5, 10),
            (3, 10, 20),
            (5, 40, 80),
            (8, 320, 640),
            (9, 450, 900),
            (u32::MAX, 450, 900),
        ] {
            for _ in 0..200 {
                let seconds = delay_seconds(receive_count, false, &rng);
                assert!((least..=most).contains(&seconds), "{receive_count}: {seconds}");
            }
        }
    }

    #[test]
    fn in_an_outage_a_message_returns_within_half_a_minute() {
        let rng = Rng::seeded(1);
        for (receive_count, least, most) in [(1, 3, 5), (3, 10, 20), (4, 15, 30), (u32::MAX, 15, 30)] {
            for _ in 0..200 {
                let seconds = delay_seconds(receive_count, true, &rng);
                assert!((least..=most).contains(&seconds), "{receive_count}: {seconds}");
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_delays() {
        let draws = |seed| {
            let rng = Rng::seeded(seed);
            (0..20)
                .map(|receive| delay_seconds(receive, false, &rng))
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }
}
