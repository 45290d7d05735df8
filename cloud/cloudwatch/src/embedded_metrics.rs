//! Metrics in log lines: CloudWatch's embedded metric format.
//!
//! Source: CloudWatch User Guide, "Specification: Embedded metric format". The time of a value is the time at which its line was
//! read, because that is the clock by which alarms are evaluated here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::metric::Metric;

/// AWS's limit for the dimensions of one metric.
const MAX_DIMENSIONS: usize = 30;

#[derive(Deserialize)]
struct Header {
    #[serde(rename = "CloudWatchMetrics")]
    directives: Vec<Directive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: String,
    dimensions: Vec<Vec<String>>,
    metrics: Vec<Definition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: String,
}

/// A value of a metric, and how often it occurred.
#[derive(Debug, PartialEq)]
pub(crate) struct Datum {
    pub(crate) metric: Metric,
    pub(crate) value: f64,
    pub(crate) count: f64,
}

/// Returns the values of a log line. A line without metrics, and a metric without a value, give none.
pub(crate) fn read(line: &Map<String, Value>) -> Vec<Datum> {
    let Some(header) = line.get("_aws") else {
        return Vec::new();
    };
    let Ok(header) = Header::deserialize(header) else {
        return Vec::new();
    };
    let mut data = Vec::new();
    for directive in header.directives {
        for names in &directive.dimensions {
            let Some(dimensions) = dimensions(line, names) else {
                continue;
            };
            for definition in &directive.metrics {
                let values = line.get(&definition.name).map(values).unwrap_or_default();
                data.extend(values.into_iter().map(|(value, count)| Datum {
                    metric: Metric {
                        namespace: directive.namespace.clone(),
                        name: definition.name.clone(),
                        dimensions: dimensions.clone(),
                    },
                    value,
                    count,
                }));
            }
        }
    }
    data
}

/// The values of the dimensions, which are members of the line. None if one is missing: AWS then makes no metric.
fn dimensions(line: &Map<String, Value>, names: &[String]) -> Option<BTreeMap<String, String>> {
    if names.len() > MAX_DIMENSIONS {
        return None;
    }
    let value = |name: &String| Some((name.clone(), line.get(name)?.as_str()?.to_owned()));
    names.iter().map(value).collect()
}

/// A number, a list of numbers, or values with their counts.
fn values(value: &Value) -> Vec<(f64, f64)> {
    let numbers = |value: &Value| -> Vec<f64> {
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(Value::as_f64).collect()
    };
    match value {
        Value::Number(number) => number.as_f64().map(|value| (value, 1.0)).into_iter().collect(),
        Value::Array(_) => numbers(value).into_iter().map(|value| (value, 1.0)).collect(),
        Value::Object(members) => {
            let [values, counts] =
                ["Values", "Counts"].map(|name| members.get(name).map(numbers).unwrap_or_default());
            let counted = values.into_iter().zip(counts);
            counted.filter(|(_, count)| *count > 0.0).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(line: &Value) -> Vec<(String, f64, f64)> {
        let data = super::read(line.as_object().unwrap());
        let parts = data.into_iter().map(|datum| {
            let dimensions: Vec<String> = datum
                .metric
                .dimensions
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let name = format!(
                "{}/{} {}",
                datum.metric.namespace,
                datum.metric.name,
                dimensions.join(",")
            );
            (name, datum.value, datum.count)
        });
        parts.collect()
    }

    fn line(values: &Value) -> Value {
        let mut line = json!({
            "_aws": {
                "Timestamp": 1_574_109_732_004_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "Orders", "Dimensions": [["service"], ["service", "reason"]],
                    "Metrics": [{"Name": "Rejected", "Unit": "Count"}]
                }]
            },
            "service": "order-api", "message": "metrics",
        });
        let members = line.as_object_mut().unwrap();
        members.extend(values.as_object().unwrap().clone());
        line
    }

    #[test]
    fn each_set_of_dimensions_is_a_metric() {
        assert_eq!(
            read(&line(&json!({"Rejected": 2, "reason": "too_large"}))),
            [
                ("Orders/Rejected service=order-api".to_owned(), 2.0, 1.0),
                (
                    "Orders/Rejected reason=too_large,service=order-api".to_owned(),
                    2.0,
                    1.0
                )
            ]
        );
    }

    #[test]
    fn a_missing_dimension_or_value_makes_no_metric() {
        assert_eq!(read(&line(&json!({"Rejected": 2}))).len(), 1);
        assert!(read(&line(&json!({}))).is_empty());
        assert!(read(&json!({"_aws": {"CloudWatchMetrics": 7}})).is_empty());
        assert!(read(&json!({"message": "no metrics"})).is_empty());
    }

    #[test]
    fn several_values_are_counted_each() {
        let values = |value: &Value| -> Vec<(f64, f64)> {
            let data = read(&line(&json!({"Rejected": value})));
            data.into_iter().map(|(_, value, count)| (value, count)).collect()
        };
        assert_eq!(values(&json!([1, 2.5])), [(1.0, 1.0), (2.5, 1.0)]);
        assert_eq!(
            values(&json!({"Values": [3, 4], "Counts": [10, 0]})),
            [(3.0, 10.0)]
        );
        assert!(values(&json!("7")).is_empty());
    }
}
