//! The arithmetic of a shortened outage.

use std::time::Duration;

/// `PlaceOrderRateLimit` of the template: the most orders a second that the API accepts for long.
const ORDERS_PER_SECOND: u64 = 300;
/// The most messages of a standard queue that are in flight. Source: SQS Developer Guide, "Message quotas".
const MAX_IN_FLIGHT: u64 = 120_000;
/// The visibility timeout of the template, in seconds.
const VISIBILITY_TIMEOUT: u64 = 210;
/// Longer than a function's timeout, in seconds of the machine. The functions run in real time at any speed, and a message
/// must not return while its function still works on it.
const LEAST_VISIBILITY_SECONDS: u64 = 35;

/// An outage that a run plays faster and with fewer orders.
///
/// Two things are scaled. The clock of the queues runs `speed` times as fast, so that delays, visibility timeouts and the
/// outage itself last a fraction of their time. Fewer orders come, and the limit in flight is as much smaller. A limit that
/// messages in flight reach after 400 seconds is then reached after 400 seconds of the faster clock, because orders and limit
/// have the same ratio. Tries of a message and their times are those of the full outage, because no schedule is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fault_run) struct Scale {
    /// The length of the outage, by the clock of the queues.
    pub(in crate::fault_run) outage: Duration,
    /// How much faster that clock runs than the machine's.
    pub(in crate::fault_run) speed: u32,
    /// The orders that are placed during the outage.
    pub(in crate::fault_run) orders: u64,
}

impl Scale {
    /// The orders that the API accepts in the whole outage.
    pub(super) fn represented_orders(&self) -> u64 {
        ORDERS_PER_SECOND * self.outage.as_secs()
    }

    /// The limit of messages in flight: smaller in the ratio of the orders, and at least one batch.
    pub(super) fn max_in_flight(&self) -> u64 {
        (MAX_IN_FLIGHT * self.orders / self.represented_orders().max(1)).clamp(10, MAX_IN_FLIGHT)
    }

    /// How long the outage lasts by the machine's clock.
    pub(super) fn real_outage(&self) -> Duration {
        self.outage / self.speed
    }

    /// The orders that are placed in a second of the machine.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 orders")]
    pub(super) fn orders_per_second(&self) -> f64 {
        self.orders as f64 / self.real_outage().as_secs_f64()
    }

    /// The visibility timeout of the queues, in seconds of their clock.
    pub(super) fn visibility_timeout(&self) -> u64 {
        VISIBILITY_TIMEOUT.max(LEAST_VISIBILITY_SECONDS * u64::from(self.speed))
    }

    /// Converts a time of the machine to seconds of the queues' clock.
    pub(super) fn queue_seconds(&self, real: Duration) -> f64 {
        real.as_secs_f64() * f64::from(self.speed)
    }

    /// Says what is scaled, for people.
    pub(super) fn describe(&self) -> String {
        format!(
            "An outage of {} s at {ORDERS_PER_SECOND} orders a second: {} orders, and a limit of {MAX_IN_FLIGHT} messages in flight.\n\
             Here the clock of the queues runs {} times as fast, so that it lasts {:.0} s. {} orders are placed, {:.1} a second, and\n\
             the limit is {}: orders and limit have the same ratio. Delays and visibility timeouts are those of the template, on\n\
             the faster clock (visibility timeout {} s). The functions run in real time. Seconds below are those of the queues.",
            self.outage.as_secs(),
            self.represented_orders(),
            self.speed,
            self.real_outage().as_secs_f64(),
            self.orders,
            self.orders_per_second(),
            self.max_in_flight(),
            self.visibility_timeout(),
        )
    }
}

/// Parses a duration such as `90s`, `30m` or `2h`.
pub(in crate::fault_run) fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "must be a whole number of seconds, minutes or hours, such as 90s, 30m or 2h";
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(EXPECTED),
    };
    let number: u32 = digits.parse().map_err(|_| EXPECTED)?;
    if number == 0 {
        return Err("must be longer than 0");
    }
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Scale = Scale {
        outage: Duration::from_mins(30),
        speed: 1,
        orders: 540_000,
    };

    #[test]
    fn without_a_scale_it_is_the_outage_itself() {
        assert_eq!(FULL.represented_orders(), 540_000);
        assert_eq!(FULL.max_in_flight(), 120_000);
        assert_eq!(FULL.real_outage(), Duration::from_mins(30));
        assert!((FULL.orders_per_second() - 300.0).abs() < 1e-9);
        assert_eq!(FULL.visibility_timeout(), 210);
    }

    #[test]
    fn orders_and_limit_have_the_same_ratio_at_any_scale() {
        for orders in [1800, 9000, 54_000] {
            for speed in [2, 6, 20] {
                let scale = Scale {
                    speed,
                    orders,
                    ..FULL
                };
                // The second in which messages that stay in flight reach the limit.
                let second = scale.outage.as_secs() * scale.max_in_flight() / scale.orders;
                assert_eq!(second, 400, "{scale:?}");
                assert!(scale.visibility_timeout() >= u64::from(speed) * 35);
            }
        }
    }

    #[test]
    fn the_arithmetic_is_stated() {
        let scale = Scale {
            speed: 6,
            orders: 9000,
            ..FULL
        };
        insta::assert_snapshot!(scale.describe(), @r"
        An outage of 1800 s at 300 orders a second: 540000 orders, and a limit of 120000 messages in flight.
        Here the clock of the queues runs 6 times as fast, so that it lasts 300 s. 9000 orders are placed, 30.0 a second, and
        the limit is 2000: orders and limit have the same ratio. Delays and visibility timeouts are those of the template, on
        the faster clock (visibility timeout 210 s). The functions run in real time. Seconds below are those of the queues.
        ");
    }

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(parse_duration("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_hours(2)));
        for text in ["", "m", "30", "1.5h", "-3m", "0s", "3d", "30 m", "m30"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
