//! The statistics of a metric.

/// A statistic over the values of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The sum of the values.
    Sum,
    /// The sum divided by the number of values.
    Average,
    /// The smallest value.
    Minimum,
    /// The largest value.
    Maximum,
    /// The number of values.
    SampleCount,
    /// A percentile: above 0 and below 100.
    Percentile(f64),
}

/// A statistic that is not supported here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the statistic `{0}`")]
pub struct StatisticError(String);

impl Statistic {
    /// Parses `Sum`, `Average`, `Minimum`, `Maximum`, `SampleCount`, or a percentile such as `p99` or `p99.9`.
    ///
    /// # Errors
    /// Other texts, such as trimmed means.
    pub fn parse(text: &str) -> Result<Self, StatisticError> {
        Ok(match text {
            "Sum" => Self::Sum,
            "Average" => Self::Average,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "SampleCount" => Self::SampleCount,
            _ => {
                let percentile = text
                    .strip_prefix('p')
                    .and_then(|digits| digits.parse::<f64>().ok())
                    .filter(|percentile| *percentile > 0.0 && *percentile < 100.0);
                Self::Percentile(percentile.ok_or_else(|| StatisticError(text.to_owned()))?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_between_0_and_100() {
        assert_eq!(Statistic::parse("p99.9"), Ok(Statistic::Percentile(99.9)));
        for text in ["p0", "p100", "p", "tm99", "sum", "pNaN"] {
            assert!(Statistic::parse(text).is_err(), "{text}");
        }
    }
}
