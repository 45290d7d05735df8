//! The metrics of `/_local/metrics`, in the text format of Prometheus. Source: its documentation, "Exposition formats".

use std::collections::BTreeMap;

/// Values by the name of a series with its labels, such as `orders_panics_sum{service="notifier"}`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Parses the text. Lines that are no values are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let values = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        });
        Self(values.collect())
    }

    /// The value of a series. A metric that was never counted has none.
    #[must_use]
    pub fn value(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    /// The sum of a metric of a service since the start. A metric that was never counted has none.
    #[must_use]
    pub fn sum(&self, metric: &str, service: &str) -> f64 {
        let series = format!("{metric}_sum{{service=\"{service}\"}}");
        self.value(&series).unwrap_or_default()
    }

    /// The sum of a count over all services since the start. By reason the same is counted again, and is left out.
    #[must_use]
    pub fn count(&self, metric: &str) -> u64 {
        let prefix = format!("{metric}_sum{{service=");
        let of_metric = self.0.iter().filter(|(series, _)| series.starts_with(&prefix));
        whole(of_metric.map(|(_, value)| value).sum())
    }

    /// How many values a metric without labels has had since the start.
    #[must_use]
    pub fn number_of_values(&self, metric: &str) -> u64 {
        whole(self.value(&format!("{metric}_count")).unwrap_or_default())
    }

    /// The sums of a metric by reason: each service, reason and sum.
    #[must_use]
    pub fn by_reason(&self, metric: &str) -> Vec<(String, String, f64)> {
        let prefix = format!("{metric}_sum{{");
        let of_metric = self.0.iter().filter(|(series, _)| series.starts_with(&prefix));
        let sums = of_metric.filter_map(|(series, value)| {
            Some((label(series, "service")?, label(series, "reason")?, *value))
        });
        sums.collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates, and a count is a whole number"
)]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

fn label(series: &str, name: &str) -> Option<String> {
    let (_, rest) = series.split_once(&format!("{name}=\""))?;
    let (value, _) = rest.split_once('"')?;
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_metric_service_and_reason() {
        let metrics = Metrics::parse(
            "# TYPE orders_panics summary\norders_panics_sum{service=\"notifier\"} 2\n\
             orders_messages_put_off_sum{service=\"order-worker\"} 3\n\
             orders_messages_put_off_sum{reason=\"timeout\",service=\"order-worker\"} 3\nno value\n",
        );
        assert!((metrics.sum("orders_panics", "notifier") - 2.0).abs() < f64::EPSILON);
        assert!(metrics.sum("orders_panics", "order-api").abs() < f64::EPSILON);
        assert_eq!(metrics.count("orders_messages_put_off"), 3);
        let by_reason = metrics.by_reason("orders_messages_put_off");
        assert_eq!(
            by_reason,
            [("order-worker".to_owned(), "timeout".to_owned(), 3.0)]
        );
    }
}
