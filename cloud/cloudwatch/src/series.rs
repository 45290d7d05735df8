//! The values of one metric, by the minute.

use std::collections::BTreeMap;

use crate::statistic::Statistic;

/// The length of a bucket. AWS keeps values of standard resolution by the minute.
pub(crate) const MINUTE_MS: i64 = 60_000;
/// How many minutes are kept. No period of an alarm is longer than a day.
const KEPT_MINUTES: i64 = 25 * 60;
/// Two values in one class of the histogram differ by less than this factor.
const CLASS_FACTOR: f64 = 1.01;

/// The values of one metric.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    minutes: BTreeMap<i64, Values>,
    /// Of all values since the start.
    pub(crate) total_sum: f64,
    pub(crate) total_count: f64,
    pub(crate) last: f64,
    /// Whether the values are samples of a state, such as a depth. Their sum has no meaning.
    pub(crate) is_gauge: bool,
}

/// Some values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    count: f64,
    sum: f64,
    min: f64,
    max: f64,
    /// The number of values by class: the logarithm of the value, rounded up. Zero and below share the lowest class.
    histogram: BTreeMap<i32, f64>,
}

impl Series {
    /// Adds a value that occurred `count` times.
    pub(crate) fn add(&mut self, at_ms: i64, value: f64, count: f64) {
        let minute = at_ms.div_euclid(MINUTE_MS);
        self.minutes.entry(minute).or_default().add(value, count);
        self.total_sum += value * count;
        self.total_count += count;
        self.last = value;
        while let Some(oldest) = self.minutes.first_entry()
            && *oldest.key() <= minute - KEPT_MINUTES
        {
            oldest.remove();
        }
    }

    /// Returns all values of the minutes from `first` to before `end`.
    pub(crate) fn within(&self, first: i64, end: i64) -> Values {
        let mut values = Values::default();
        for minute in self.minutes.range(first..end.max(first)) {
            values.merge(minute.1);
        }
        values
    }
}

impl Values {
    fn add(&mut self, value: f64, count: f64) {
        if self.count == 0.0 {
            (self.min, self.max) = (value, value);
        }
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.count += count;
        self.sum += value * count;
        *self.histogram.entry(class(value)).or_default() += count;
    }

    fn merge(&mut self, other: &Self) {
        if self.count == 0.0 {
            (self.min, self.max) = (other.min, other.max);
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.count += other.count;
        self.sum += other.sum;
        for (class, count) in &other.histogram {
            *self.histogram.entry(*class).or_default() += count;
        }
    }

    /// Returns a statistic, or none if there is no value.
    pub(crate) fn statistic(&self, statistic: Statistic) -> Option<f64> {
        if self.count == 0.0 {
            return None;
        }
        Some(match statistic {
            Statistic::Sum => self.sum,
            Statistic::Average => self.sum / self.count,
            Statistic::Minimum => self.min,
            Statistic::Maximum => self.max,
            Statistic::SampleCount => self.count,
            Statistic::Percentile(percentile) => self.percentile(percentile),
        })
    }

    /// Returns the upper bound of the class that holds the percentile, but no more than the largest value.
    fn percentile(&self, percentile: f64) -> f64 {
        let wanted = self.count * percentile / 100.0;
        let mut seen = 0.0;
        for (class, count) in &self.histogram {
            seen += count;
            if seen >= wanted {
                return upper_bound(*class).clamp(self.min, self.max);
            }
        }
        self.max
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the logarithm of every positive number is within i32"
)]
fn class(value: f64) -> i32 {
    if value > 0.0 {
        value.log(CLASS_FACTOR).ceil() as i32
    } else {
        i32::MIN
    }
}

fn upper_bound(class: i32) -> f64 {
    if class == i32::MIN {
        0.0
    } else {
        CLASS_FACTOR.powi(class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_exact_to_one_percent() {
        let mut series = Series::default();
        for value in 1..=1000 {
            series.add(0, f64::from(value), 1.0);
        }
        let values = series.within(0, 1);
        for (percentile, exact) in [(50.0, 500.0), (90.0, 900.0), (99.0, 990.0)] {
            let found = values.statistic(Statistic::Percentile(percentile)).unwrap();
            assert!((found / exact - 1.0).abs() < 0.011, "p{percentile}: {found}");
        }
        assert_eq!(values.statistic(Statistic::Percentile(99.999)), Some(1000.0));
    }

    #[test]
    fn zeros_count_in_a_percentile() {
        let mut series = Series::default();
        series.add(0, 0.0, 98.0);
        series.add(0, 7.0, 2.0);
        let values = series.within(0, 1);
        assert_eq!(values.statistic(Statistic::Percentile(98.0)), Some(0.0));
        assert_eq!(values.statistic(Statistic::Percentile(99.0)), Some(7.0));
    }

    #[test]
    fn statistics_are_over_the_minutes_of_the_period() {
        let mut series = Series::default();
        series.add(0, 1.0, 1.0);
        series.add(MINUTE_MS, 5.0, 2.0);
        series.add(2 * MINUTE_MS, 100.0, 1.0);
        let values = series.within(0, 2);
        let statistic = |statistic| values.statistic(statistic).unwrap();
        let found = [
            Statistic::Sum,
            Statistic::Minimum,
            Statistic::Maximum,
            Statistic::SampleCount,
        ]
        .map(statistic);
        assert_eq!(found.map(|value| value.to_string()), ["11", "1", "5", "3"]);
        assert_eq!(series.within(3, 4).statistic(Statistic::Sum), None);
    }

    #[test]
    fn old_minutes_are_forgotten() {
        let mut series = Series::default();
        for minute in 0..10_000 {
            series.add(minute * MINUTE_MS, 1.0, 1.0);
        }
        assert_eq!(series.minutes.len(), 1500);
    }
}
