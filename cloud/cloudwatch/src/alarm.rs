//! The settings of an alarm.

use std::collections::BTreeSet;

use crate::expression::Expression;
use crate::metric::Metric;
use crate::statistic::Statistic;

/// An alarm. It watches the one of its queries that returns data.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The name.
    pub name: String,
    /// The description, for people.
    pub description: Option<String>,
    /// One metric, or metrics and expressions over them.
    pub queries: Vec<Query>,
    /// The length of a datapoint, in minutes.
    pub period_minutes: u32,
    /// How many datapoints are judged (N).
    pub evaluation_periods: u32,
    /// How many of them must breach (M).
    pub datapoints_to_alarm: u32,
    /// The threshold.
    pub threshold: f64,
    /// When a datapoint breaches the threshold.
    pub comparison: Comparison,
    /// How missing datapoints count.
    pub missing: MissingData,
}

/// A metric or an expression, with a name for expressions.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The name.
    pub id: String,
    /// Where its values come from.
    pub source: Source,
    /// Whether the alarm watches it.
    pub returns_data: bool,
}

/// The origin of a query's values.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A statistic of a metric.
    Metric(Metric, Statistic),
    /// Metric math.
    Expression(Expression),
}

/// Compares a datapoint with the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Above the threshold.
    GreaterThanThreshold,
    /// At the threshold or above it.
    GreaterThanOrEqualToThreshold,
    /// Below the threshold.
    LessThanThreshold,
    /// At the threshold or below it.
    LessThanOrEqualToThreshold,
}

/// How missing datapoints count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingData {
    /// As breaching.
    Breaching,
    /// As not breaching.
    NotBreaching,
    /// The state stays.
    Ignore,
    /// Without any datapoint the state is `INSUFFICIENT_DATA`.
    #[default]
    Missing,
}

/// An alarm that cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlarmError {
    /// None or several queries return data.
    #[error("exactly one query has to return data, and {0} do")]
    ReturnData(usize),
    /// Two queries have the same id.
    #[error("the id `{0}` is used twice")]
    DoubleId(String),
    /// An expression names no earlier query.
    #[error("the expression `{id}` uses `{unknown}`, which is no query above it")]
    UnknownId {
        /// The id of the expression.
        id: String,
        /// The name that it uses.
        unknown: String,
    },
    /// More datapoints must breach than are judged.
    #[error("DatapointsToAlarm has to be between 1 and EvaluationPeriods")]
    DatapointsToAlarm,
}

impl Alarm {
    /// Checks that it can be evaluated. An expression may use queries above it only, so that there are no circles; AWS allows
    /// any order.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), AlarmError> {
        let returning = self.queries.iter().filter(|query| query.returns_data).count();
        if returning != 1 {
            return Err(AlarmError::ReturnData(returning));
        }
        if !(1..=self.evaluation_periods).contains(&self.datapoints_to_alarm) {
            return Err(AlarmError::DatapointsToAlarm);
        }
        let mut known = BTreeSet::new();
        for query in &self.queries {
            if let Source::Expression(expression) = &query.source
                && let Some(unknown) = expression.ids().find(|id| !known.contains(id))
            {
                return Err(AlarmError::UnknownId {
                    id: query.id.clone(),
                    unknown: unknown.to_owned(),
                });
            }
            if !known.insert(query.id.as_str()) {
                return Err(AlarmError::DoubleId(query.id.clone()));
            }
        }
        Ok(())
    }
}

impl Comparison {
    /// Parses AWS's name of it. None for the names of anomaly detection, which is not supported.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "GreaterThanThreshold" => Self::GreaterThanThreshold,
            "GreaterThanOrEqualToThreshold" => Self::GreaterThanOrEqualToThreshold,
            "LessThanThreshold" => Self::LessThanThreshold,
            "LessThanOrEqualToThreshold" => Self::LessThanOrEqualToThreshold,
            _ => return None,
        })
    }

    pub(crate) fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanThreshold => value > threshold,
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::GreaterThanThreshold => "greater than",
            Self::GreaterThanOrEqualToThreshold => "greater than or equal to",
            Self::LessThanThreshold => "less than",
            Self::LessThanOrEqualToThreshold => "less than or equal to",
        }
    }
}

impl MissingData {
    /// Parses the value of `TreatMissingData`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "breaching" => Self::Breaching,
            "notBreaching" => Self::NotBreaching,
            "ignore" => Self::Ignore,
            "missing" => Self::Missing,
            _ => return None,
        })
    }
}
