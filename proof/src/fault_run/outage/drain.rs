//! The rate at which a backlog drains.

use std::time::Duration;

/// The time over which a rate is averaged, by the machine's clock.
const WINDOW: Duration = Duration::from_secs(2);
/// The share of the full rate that counts as the full rate. The machine has other work.
const FULL: f64 = 0.75;
/// The share of a backlog whose drain gives its rate. The last messages come one by one.
const MEASURED_TENTHS: u64 = 9;

/// The depths of a backlog over time, from the moment when it may drain.
#[derive(Clone, Debug, Default)]
pub(super) struct DrainCurve(Vec<(Duration, u64)>);

impl DrainCurve {
    pub(super) fn add(&mut self, at: Duration, depth: u64) {
        self.0.push((at, depth));
    }

    /// Messages a second, from the start until nine tenths are gone. None if they are not.
    pub(super) fn rate(&self) -> Option<f64> {
        let (started, first) = *self.0.first()?;
        let is_measured = |depth: u64| first.saturating_sub(depth) * 10 >= first * MEASURED_TENTHS;
        let (ended, depth) = *self.0.iter().find(|(_, depth)| is_measured(*depth))?;
        let seconds = ended.saturating_sub(started).as_secs_f64();
        (seconds > 0.0).then(|| as_f64(first - depth) / seconds)
    }

    /// When the backlog first drained at this rate, or was empty.
    pub(super) fn reaches(&self, full_rate: f64) -> Option<Duration> {
        self.0.iter().enumerate().find_map(|(index, (at, depth))| {
            let begin = self.0[..=index]
                .iter()
                .rev()
                .find(|(begun, _)| at.saturating_sub(*begun) >= WINDOW);
            let is_full = begin.is_some_and(|(begun, before)| {
                let drained = as_f64(before.saturating_sub(*depth));
                drained / at.saturating_sub(*begun).as_secs_f64() >= full_rate * FULL
            });
            (is_full || *depth == 0).then_some(*at)
        })
    }

    /// When the backlog was empty.
    pub(super) fn empty_at(&self) -> Option<Duration> {
        self.0.iter().find(|(_, depth)| *depth == 0).map(|(at, _)| *at)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 messages")]
fn as_f64(messages: u64) -> f64 {
    messages as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A depth for each second.
    fn curve(depths: &[u64]) -> DrainCurve {
        let mut curve = DrainCurve::default();
        for (second, depth) in (0..).zip(depths) {
            curve.add(Duration::from_secs(second), *depth);
        }
        curve
    }

    #[test]
    fn the_rate_leaves_out_the_last_tenth() {
        let rate = curve(&[100, 70, 40, 10, 9, 8, 0]).rate().unwrap();
        assert!((rate - 30.0).abs() < 1e-9, "{rate}");
        assert!(curve(&[100, 99]).rate().is_none());
        assert!(DrainCurve::default().rate().is_none());
    }

    #[test]
    fn the_full_rate_is_reached_in_the_first_window_that_has_it() {
        let stalled = curve(&[100, 100, 100, 98, 68, 38, 8, 0]);
        assert_eq!(stalled.reaches(30.0), Some(Duration::from_secs(5)));
        assert_eq!(stalled.empty_at(), Some(Duration::from_secs(7)));
        assert_eq!(curve(&[100, 99, 98, 97]).reaches(30.0), None);
        // A backlog that is gone needs no rate.
        assert_eq!(curve(&[3, 0]).reaches(30.0), Some(Duration::from_secs(1)));
    }
}
