//! When a failed message is tried again.

use crate::chance::Chance;

/// The longest delay, in seconds.
pub const LONGEST: u32 = 900;

/// The most seconds until a message that failed at its `receive_count`th receive is shown again: min(900, 5 * 2^(n-1)).
#[must_use]
pub fn longest_visibility_seconds(receive_count: u32) -> u32 {
    let doublings = receive_count.saturating_sub(1).min(16);
    5_u32.saturating_mul(1 << doublings).min(LONGEST)
}

/// Seconds until a message that failed at its `receive_count`th receive is shown again: uniform in [d/2, d], d being
/// [`longest_visibility_seconds`]. Twelve receives so outlast an outage of half an hour, and messages that failed
/// together do not come back together.
#[must_use]
pub fn visibility_seconds(receive_count: u32, chance: &Chance) -> u32 {
    let longest = longest_visibility_seconds(receive_count);
    chance.draw(|rng| rng.u32(longest.div_ceil(2)..=longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let chance = Chance::seeded(1);
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
                let seconds = visibility_seconds(receive_count, &chance);
                assert!((least..=most).contains(&seconds), "{receive_count}: {seconds}");
            }
        }
    }

    #[test]
    fn twelve_receives_outlast_half_an_hour_at_the_shortest() {
        let template = include_str!("../../template.yaml");
        let (_, parameter) = template.split_once("\n  MaxReceiveCount:\n").unwrap();
        let (_, default) = parameter.split_once("Default: ").unwrap();
        let receives: u32 = default.lines().next().unwrap().parse().unwrap();
        let chance = Chance::seeded(1);
        let shortest = |receive| (0..20_000).map(|_| visibility_seconds(receive, &chance)).min();
        let shortest: u32 = (1..receives).filter_map(shortest).sum();
        assert!(shortest >= 30 * 60, "{shortest}");
    }

    #[test]
    fn the_same_seed_falls_the_same_way() {
        let draws = |seed| {
            let chance = Chance::seeded(seed);
            (0..20)
                .map(|receive| visibility_seconds(receive, &chance))
                .collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
    }
}
