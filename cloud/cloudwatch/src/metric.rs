//! The identity of a metric.

use std::collections::BTreeMap;

/// A metric: its namespace, its name and its dimensions. Other dimensions make another metric, as on AWS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// For example `AWS/SQS`.
    pub namespace: String,
    /// For example `ApproximateNumberOfMessagesVisible`.
    pub name: String,
    /// Values by name.
    pub dimensions: BTreeMap<String, String>,
}

impl Metric {
    /// Creates a metric.
    #[must_use]
    pub fn new(namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            dimensions: dimensions
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}
