//! Metric filters: values from log lines that match a pattern.

use serde_json::{Map, Value as Json};

use crate::filter_pattern::{FilterPattern, Selector};
use crate::metric::Metric;

/// Makes values of a metric from the lines of a log group.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricFilter {
    /// The log group.
    pub log_group: String,
    /// Selects lines.
    pub pattern: FilterPattern,
    /// The metric. It has no dimensions.
    pub metric: Metric,
    /// The value.
    pub value: Value,
}

/// The value of a line that a metric filter selects.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Always the same.
    Number(f64),
    /// A number in the line.
    Member(Selector),
}

impl Value {
    /// Parses `1` or `$.count`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match Selector::parse(text) {
            Some(selector) => Some(Self::Member(selector)),
            None => text.parse().ok().map(Self::Number),
        }
    }
}

impl MetricFilter {
    /// Returns the value of a line of its log group, if the line has one.
    pub(crate) fn value(&self, line: &Map<String, Json>) -> Option<f64> {
        if !self.pattern.matches(line) {
            return None;
        }
        match &self.value {
            Value::Number(number) => Some(*number),
            Value::Member(selector) => selector.select(line)?.as_f64(),
        }
    }
}
