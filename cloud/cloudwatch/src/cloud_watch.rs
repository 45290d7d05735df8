//! The metrics and the alarms of one run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cloud_wire::{Clock, iso8601};
use serde_json::{Map, Value};

use crate::alarm::{Alarm, Query, Source};
use crate::embedded_metrics;
use crate::evaluation::State;
use crate::metric::Metric;
use crate::metric_filter::MetricFilter;
use crate::prometheus;
use crate::series::{MINUTE_MS, Series};
use crate::watched::{AlarmState, Watched};

/// Maximum number of metrics. A log line can name any dimension, and must not fill the memory.
const MAX_METRICS: usize = 2000;

/// The metrics and the alarms of one run, in memory. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub struct CloudWatch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    metrics: BTreeMap<Metric, Series>,
    /// Whether a metric was refused, of which one warning is enough.
    refused: bool,
    filters: Vec<MetricFilter>,
    alarms: Vec<Watched>,
    evaluations: u64,
}

impl CloudWatch {
    /// Creates it without metrics and alarms.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Inner {
            clock,
            kept: Mutex::default(),
        }))
    }

    /// Takes the metric filters and the alarms of a stack, in the place of those that it has.
    pub fn deploy(&self, filters: Vec<MetricFilter>, alarms: Vec<Alarm>) {
        let now = self.time();
        let mut kept = self.kept();
        kept.filters = filters;
        kept.alarms = alarms
            .into_iter()
            .map(|alarm| Watched::new(alarm, now.clone()))
            .collect();
    }

    /// Adds a value of something that happened now.
    pub fn add(&self, metric: Metric, value: f64) {
        let now = self.0.clock.now_ms();
        self.kept().add(metric, now, value, 1.0, false);
    }

    /// Adds a value of something that happened at a reading of the clock.
    pub fn add_at(&self, metric: Metric, value: f64, at_ms: i64) {
        self.kept().add(metric, at_ms, value, 1.0, false);
    }

    /// Adds a sample of a state, such as the depth of a queue.
    pub fn sample(&self, metric: Metric, value: f64) {
        self.sample_at(metric, value, self.0.clock.now_ms());
    }

    /// Adds a sample of a state at a reading of the clock.
    pub fn sample_at(&self, metric: Metric, value: f64, at_ms: i64) {
        self.kept().add(metric, at_ms, value, 1.0, true);
    }

    /// Reads the metrics of a log line.
    pub fn read_line(&self, log_group: &str, line: &[u8]) {
        // Most lines are no JSON objects with metrics, and are not worth parsing.
        let may_have_metrics = line.windows(6).any(|window| window == b"\"_aws\"");
        let mut kept = self.kept();
        let is_filtered = kept.filters.iter().any(|filter| filter.log_group == log_group);
        if !may_have_metrics && !is_filtered {
            return;
        }
        let Ok(line) = serde_json::from_slice::<Map<String, Value>>(line) else {
            return;
        };
        let now = self.0.clock.now_ms();
        for datum in embedded_metrics::read(&line) {
            kept.add(datum.metric, now, datum.value, datum.count, false);
        }
        let filters = kept.filters.iter().filter(|filter| filter.log_group == log_group);
        let values: Vec<_> = filters
            .filter_map(|filter| Some((filter.metric.clone(), filter.value(&line)?)))
            .collect();
        for (metric, value) in values {
            kept.add(metric, now, value, 1.0, false);
        }
    }

    /// Judges all alarms by the minutes that have ended. Logs every change.
    pub fn evaluate(&self) {
        let end = self.0.clock.now_ms().div_euclid(MINUTE_MS);
        let now = self.time();
        let Kept {
            metrics,
            alarms,
            evaluations,
            ..
        } = &mut *self.kept();
        *evaluations += 1;
        for watched in alarms {
            let minutes = i64::from(watched.alarm.period_minutes);
            let read = |query: &Query, back: usize| {
                let Source::Metric(metric, statistic) = &query.source else {
                    return None;
                };
                let end = end - minutes * i64::try_from(back).ok()?;
                let values = metrics.get(metric)?.within(end - minutes, end);
                values.statistic(*statistic)
            };
            let Some(transition) = watched.judge(&read) else {
                continue;
            };
            let (alarm, reason) = (&watched.alarm.name, &transition.reason);
            if transition.state == State::Alarm {
                let description = watched.alarm.description.as_deref().unwrap_or_default();
                tracing::warn!(alarm, reason, description, "the alarm {alarm} rings");
            } else if watched.state.state == State::Alarm {
                tracing::info!(alarm, reason, "the alarm {alarm} has ended");
            } else {
                let state = transition.state.as_str();
                tracing::debug!(alarm, reason, state, "the alarm {alarm} has another state");
            }
            watched.change(&transition, now.clone());
        }
    }

    /// Returns how often the alarms were judged.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.kept().evaluations
    }

    /// Returns the states of the alarms, in the order of the template.
    #[must_use]
    pub fn alarms(&self) -> Vec<AlarmState> {
        self.kept()
            .alarms
            .iter()
            .map(|watched| watched.state.clone())
            .collect()
    }

    /// Returns all metrics and alarms in the text format of Prometheus.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let end = self.0.clock.now_ms().div_euclid(MINUTE_MS) + 1;
        let kept = self.kept();
        prometheus::render(&kept.metrics, &kept.alarms, end)
    }

    /// Returns the metrics that have a value.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        self.kept().metrics.keys().cloned().collect()
    }

    /// Returns the number of metrics that functions and metric filters gave a value, which AWS bills. Those of the services, in
    /// the namespaces `AWS/...`, are free.
    #[must_use]
    pub fn custom_metrics(&self) -> usize {
        let kept = self.kept();
        let custom = kept
            .metrics
            .keys()
            .filter(|metric| !metric.namespace.starts_with("AWS/"));
        custom.count()
    }

    /// Returns the number of metrics that the alarms watch, each counted in each alarm, as AWS bills them.
    #[must_use]
    pub fn alarm_metrics(&self) -> usize {
        let kept = self.kept();
        let queries = kept.alarms.iter().flat_map(|watched| &watched.alarm.queries);
        queries
            .filter(|query| matches!(query.source, Source::Metric(..)))
            .count()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn time(&self) -> String {
        iso8601(self.0.clock.wall_ms(self.0.clock.now_ms()))
    }
}

impl Kept {
    fn add(&mut self, metric: Metric, at_ms: i64, value: f64, count: f64, is_gauge: bool) {
        if !value.is_finite() {
            return;
        }
        if self.metrics.len() >= MAX_METRICS && !self.metrics.contains_key(&metric) {
            if !std::mem::replace(&mut self.refused, true) {
                tracing::warn!(
                    namespace = metric.namespace,
                    metric = metric.name,
                    "there are {MAX_METRICS} metrics, and no further one is kept"
                );
            }
            return;
        }
        let series = self.metrics.entry(metric).or_default();
        series.is_gauge = is_gauge;
        series.add(at_ms, value, count);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::alarm::{Comparison, MissingData};
    use crate::expression::Expression;
    use crate::filter_pattern::FilterPattern;
    use crate::statistic::Statistic;

    fn count() -> Metric {
        Metric::new("Test", "Count", &[])
    }

    fn alarm(source: Source) -> Alarm {
        let metric = Query {
            id: "m".to_owned(),
            source: Source::Metric(count(), Statistic::Sum),
            returns_data: false,
        };
        let mut queries = vec![metric];
        queries.push(Query {
            id: "watched".to_owned(),
            source,
            returns_data: true,
        });
        let alarm = Alarm {
            name: "Count".to_owned(),
            description: None,
            queries,
            period_minutes: 1,
            evaluation_periods: 1,
            datapoints_to_alarm: 1,
            threshold: 2.0,
            comparison: Comparison::GreaterThanThreshold,
            missing: MissingData::NotBreaching,
        };
        alarm.check().unwrap();
        alarm
    }

    fn state(cloud_watch: &CloudWatch) -> State {
        cloud_watch.alarms()[0].state
    }

    #[test]
    fn an_alarm_rings_after_the_minute_and_ends_when_newer_data_are_within_the_threshold() {
        let clock = Clock::stopped();
        let cloud_watch = CloudWatch::new(clock.clone());
        cloud_watch.deploy(Vec::new(), vec![alarm(Source::Metric(count(), Statistic::Sum))]);
        cloud_watch.evaluate();
        assert_eq!(state(&cloud_watch), State::Ok);
        for _ in 0..3 {
            cloud_watch.add(count(), 1.0);
        }
        // The minute has not ended.
        cloud_watch.evaluate();
        assert_eq!(state(&cloud_watch), State::Ok);
        clock.advance(Duration::from_mins(1));
        cloud_watch.evaluate();
        let rings = &cloud_watch.alarms()[0];
        assert_eq!(rings.state, State::Alarm);
        assert_eq!(rings.times_rung, 1);
        assert_eq!(
            rings.reason,
            "Threshold Crossed: 1 of the last 1 datapoints [3.0] were greater than the threshold (2.0)"
        );
        cloud_watch.add(count(), 1.0);
        clock.advance(Duration::from_mins(1));
        cloud_watch.evaluate();
        assert_eq!(state(&cloud_watch), State::Ok);
    }

    #[test]
    fn an_expression_is_watched_like_a_metric() {
        let clock = Clock::stopped();
        let cloud_watch = CloudWatch::new(clock.clone());
        let expression = Expression::parse("FILL(m, 0) * 10").unwrap();
        cloud_watch.deploy(Vec::new(), vec![alarm(Source::Expression(expression))]);
        cloud_watch.add(count(), 1.0);
        clock.advance(Duration::from_mins(1));
        cloud_watch.evaluate();
        assert_eq!(state(&cloud_watch), State::Alarm);
    }

    #[test]
    fn log_lines_give_values_by_their_format_and_by_filters() {
        let cloud_watch = CloudWatch::new(Clock::stopped());
        let filter = MetricFilter {
            log_group: "/aws/lambda/f".to_owned(),
            pattern: FilterPattern::parse("{ $.failed > 0 }").unwrap(),
            metric: Metric::new("Test", "Failed", &[]),
            value: crate::Value::parse("$.failed").unwrap(),
        };
        cloud_watch.deploy(vec![filter], Vec::new());
        for line in [
            r#"{"failed": 2}"#,
            r#"{"failed": 0}"#,
            "no JSON",
            r#"{"_aws": {"CloudWatchMetrics": [{"Namespace": "Test", "Dimensions": [[]], "Metrics": [{"Name": "Count"}]}]}, "Count": 4}"#,
        ] {
            cloud_watch.read_line("/aws/lambda/f", line.as_bytes());
            cloud_watch.read_line("/aws/lambda/other", br#"{"failed": 9}"#);
        }
        let text = cloud_watch.prometheus();
        assert!(text.contains("test_failed_sum 2\n"), "{text}");
        assert!(text.contains("test_count_sum 4\n"), "{text}");
    }

    #[test]
    fn the_number_of_metrics_is_bounded() {
        let cloud_watch = CloudWatch::new(Clock::stopped());
        for number in 0..3000 {
            cloud_watch.add(Metric::new("Test", &format!("M{number}"), &[]), 1.0);
        }
        assert_eq!(cloud_watch.metrics().len(), MAX_METRICS);
    }
}
