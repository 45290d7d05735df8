//! When a failed message is received again.

use function_runtime::Rng;

/// The longest visibility timeout of a failed message, in seconds.
pub const MAX_SECONDS: u32 = 900;

/// The longest visibility timeout, in seconds, of a message that failed at its `receive_count`th receive:
/// min(900, 5 * 2^(n-1)).
#[must_use]
pub fn max_visibility_seconds(receive_count: u32) -> u32 {
    let doublings = receive_count.saturating_sub(1).min(16);
    5_u32.saturating_mul(1 << doublings).min(MAX_SECONDS)
}

/// The visibility timeout, in seconds, of a message that failed at its `receive_count`th receive: uniform in [d/2, d], d being
/// [`max_visibility_seconds`]. Twelve receives so outlast an outage of half an hour, and messages that failed
/// together do not return together.
#[must_use]
pub fn visibility_seconds(receive_count: u32, rng: &Rng) -> u32 {
    let max = max_visibility_seconds(receive_count);
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
                let seconds = visibility_seconds(receive_count, &rng);
                assert!((least..=most).contains(&seconds), "{receive_count}: {seconds}");
            }
        }
    }

    #[test]
    fn twelve_receives_outlast_half_an_hour_at_the_shortest() {
        let template: yaml_serde::Value = yaml_serde::from_str(include_str!("../../template.yaml")).unwrap();
        let default = template["Parameters"]["MaxReceiveCount"]["Default"].as_u64();
        let receives = u32::try_from(default.unwrap()).unwrap();
        let rng = Rng::seeded(1);
        let shortest = |receive| (0..20_000).map(|_| visibility_seconds(receive, &rng)).min();
        let shortest: u32 = (1..receives).filter_map(shortest).sum();
        assert!(shortest >= 30 * 60, "{shortest}");
    }

    #[test]
    fn the_same_seed_draws_the_same_delays() {
        let draws = |seed| {
            let rng = Rng::seeded(seed);
            (0..20)
                .map(|receive| visibility_seconds(receive, &rng))
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }
}
