//! The text format of Prometheus.
//!
//! Source: Prometheus documentation, "Exposition formats". A metric `Age` of the namespace `Orders` becomes `orders_age`. Samples of
//! a state are gauges. Other metrics are summaries: their count and sum since the start, and percentiles of the last five minutes.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::metric::Metric;
use crate::series::Series;
use crate::statistic::Statistic;
use crate::watched::Watched;

/// How many minutes the percentiles cover.
const QUANTILE_MINUTES: i64 = 5;
const QUANTILES: [(&str, f64); 3] = [("0.5", 50.0), ("0.9", 90.0), ("0.99", 99.0)];

/// Renders all metrics and alarms. `end` is the minute after the current one.
pub(crate) fn render(metrics: &BTreeMap<Metric, Series>, alarms: &[Watched], end: i64) -> String {
    let mut text = String::new();
    let mut last = String::new();
    for (metric, series) in metrics {
        let name = format!("{}_{}", snake(&metric.namespace), snake(&metric.name));
        // A name does not begin with a digit.
        let name = match name.chars().next() {
            Some(first) if first.is_ascii_digit() => format!("_{name}"),
            _ => name,
        };
        if name != last {
            let kind = if series.is_gauge { "gauge" } else { "summary" };
            line(&mut text, &format!("# TYPE {name} {kind}"));
            last.clone_from(&name);
        }
        let labels: Vec<(String, &str)> = metric
            .dimensions
            .iter()
            .map(|(name, value)| (snake(name), value.as_str()))
            .collect();
        if series.is_gauge {
            line(&mut text, &format!("{name}{} {}", braces(&labels), series.last));
            continue;
        }
        let recent = series.within(end - QUANTILE_MINUTES, end);
        for (quantile, percentile) in QUANTILES {
            if let Some(value) = recent.statistic(Statistic::Percentile(percentile)) {
                let mut labels = labels.clone();
                labels.push(("quantile".to_owned(), quantile));
                line(&mut text, &format!("{name}{} {value}", braces(&labels)));
            }
        }
        line(
            &mut text,
            &format!("{name}_sum{} {}", braces(&labels), series.total_sum),
        );
        line(
            &mut text,
            &format!("{name}_count{} {}", braces(&labels), series.total_count),
        );
    }
    if !alarms.is_empty() {
        line(&mut text, "# TYPE aws_cloudwatch_alarm gauge");
    }
    for watched in alarms {
        let labels = [
            ("name".to_owned(), watched.state.name.as_str()),
            ("state".to_owned(), watched.state.state.as_str()),
        ];
        line(&mut text, &format!("aws_cloudwatch_alarm{} 1", braces(&labels)));
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

fn braces(labels: &[(String, &str)]) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let value = value
                .replace('\\', r"\\")
                .replace('"', "\\\"")
                .replace('\n', r"\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    format!("{{{}}}", labels.join(","))
}

/// `AWS/SQS` becomes `aws_sqs`, `ApproximateNumberOfMessagesVisible` becomes `approximate_number_of_messages_visible`.
fn snake(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut name = String::with_capacity(text.len() + 8);
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            if !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || (before.is_ascii_uppercase()
                        && letters.get(at + 1).is_some_and(char::is_ascii_lowercase))
            });
        if begins_word {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_snake_case() {
        for (name, expected) in [
            ("AWS/SQS", "aws_sqs"),
            ("AWS/ApiGateway", "aws_api_gateway"),
            ("5XXError", "5xx_error"),
            (
                "ApproximateAgeOfOldestMessage",
                "approximate_age_of_oldest_message",
            ),
            ("Orders/orders", "orders_orders"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }

    #[test]
    fn gauges_and_summaries_are_rendered() {
        let mut metrics = BTreeMap::new();
        let mut depth = Series::default();
        depth.is_gauge = true;
        depth.add(0, 7.0, 1.0);
        metrics.insert(Metric::new("AWS/SQS", "Depth", &[("QueueName", "a\"b")]), depth);
        let mut age = Series::default();
        age.add(0, 100.0, 3.0);
        metrics.insert(Metric::new("Orders", "Age", &[("service", "order-worker")]), age);
        let expected = "\
# TYPE aws_sqs_depth gauge
aws_sqs_depth{queue_name=\"a\\\"b\"} 7
# TYPE orders_age summary
orders_age{service=\"order-worker\",quantile=\"0.5\"} 100
orders_age{service=\"order-worker\",quantile=\"0.9\"} 100
orders_age{service=\"order-worker\",quantile=\"0.99\"} 100
orders_age_sum{service=\"order-worker\"} 300
orders_age_count{service=\"order-worker\"} 3
";
        assert_eq!(render(&metrics, &[], 1), expected);
    }
}
