//! The figures that the screen shows: two readings, compared.

use std::time::Instant;

use stack_client::Metrics;

use crate::status::Document;

/// The state of the system at a moment.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) at: Instant,
    pub(super) status: Document,
    /// Empty on AWS.
    pub(super) metrics: Metrics,
}

/// A stage of the way of an order. A figure that nobody knows is `None`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) per_second: Option<f64>,
    pub(super) waiting: Option<u64>,
    pub(super) delayed: Option<u64>,
    pub(super) in_flight: Option<u64>,
    pub(super) oldest_seconds: Option<u64>,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
}

/// Messages that failed for a reason since the start.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failures {
    pub(super) service: String,
    pub(super) reason: String,
    pub(super) count: f64,
    pub(super) per_second: f64,
    pub(super) are_dead: bool,
}

/// All that the screen shows of the system.
#[derive(Debug)]
pub(super) struct Board {
    pub(super) stages: Vec<Stage>,
    /// The most frequent first.
    pub(super) failures: Vec<Failures>,
    pub(super) problems: Vec<String>,
    pub(super) ringing: usize,
    pub(super) alarms: usize,
    pub(super) title: String,
}

/// The metrics by which a queue's stage is measured.
struct Measured {
    queue: &'static str,
    service: &'static str,
    done: &'static str,
    age: &'static str,
}

const MEASURED: [Measured; 2] = [
    Measured {
        queue: "orders",
        service: "order-worker",
        done: "orders_orders_confirmed",
        age: "orders_age_at_confirmation",
    },
    Measured {
        queue: "notifications",
        service: "notifier",
        done: "orders_orders_notified",
        age: "orders_age_at_notification",
    },
];

impl Board {
    /// Compares a reading with the one before.
    pub(super) fn new(now: &Reading, before: Option<&Reading>) -> Self {
        let status = &now.status;
        let is_measured = now.metrics != Metrics::default();
        let rate = |metric: &str, service: &str| {
            let before = before.filter(|_| is_measured)?;
            let difference = now.metrics.sum(metric, service) - before.metrics.sum(metric, service);
            Some(per_second(difference, now, before))
        };
        let mut stages = vec![Stage {
            name: "order-api".to_owned(),
            per_second: rate("orders_orders_accepted", "order-api"),
            waiting: None,
            delayed: None,
            in_flight: None,
            oldest_seconds: None,
            p50_ms: quantile(
                &now.metrics,
                "aws_lambda_duration",
                "function_name",
                "order-api",
                "0.5",
            ),
            p99_ms: quantile(
                &now.metrics,
                "aws_lambda_duration",
                "function_name",
                "order-api",
                "0.99",
            ),
        }];
        for queue in &status.queues {
            let measured = MEASURED.iter().find(|measured| measured.queue == queue.name);
            let age = |at| {
                let measured = measured?;
                quantile(&now.metrics, measured.age, "service", measured.service, at)
            };
            stages.push(Stage {
                name: queue.name.clone(),
                per_second: measured.and_then(|measured| rate(measured.done, measured.service)),
                waiting: Some(queue.visible),
                delayed: Some(queue.delayed),
                in_flight: Some(queue.in_flight),
                oldest_seconds: queue.oldest_age_seconds,
                p50_ms: age("0.5"),
                p99_ms: age("0.99"),
            });
        }
        Self {
            stages,
            failures: failures(now, before),
            problems: status
                .problems
                .iter()
                .map(|problem| problem.message.clone())
                .collect(),
            ringing: status
                .alarms
                .iter()
                .filter(|alarm| alarm.state == "ALARM")
                .count(),
            alarms: status.alarms.len(),
            title: format!(
                "{} ({})",
                status.stack.as_deref().unwrap_or("orders"),
                status.target
            ),
        }
    }
}

fn failures(now: &Reading, before: Option<&Reading>) -> Vec<Failures> {
    let mut failures = Vec::new();
    for (metric, are_dead) in [
        ("orders_messages_put_off", false),
        ("orders_messages_dead_lettered", true),
    ] {
        let earlier = before
            .map(|before| before.metrics.by_reason(metric))
            .unwrap_or_default();
        for (service, reason, count) in now.metrics.by_reason(metric) {
            let known = earlier
                .iter()
                .find(|known| known.0 == service && known.1 == reason);
            let difference = count - known.map_or(0.0, |known| known.2);
            failures.push(Failures {
                per_second: before.map_or(0.0, |before| per_second(difference, now, before)),
                service,
                reason,
                count,
                are_dead,
            });
        }
    }
    failures.sort_by(|one, other| other.count.total_cmp(&one.count));
    failures
}

fn per_second(difference: f64, now: &Reading, before: &Reading) -> f64 {
    let seconds = now.at.duration_since(before.at).as_secs_f64();
    if seconds > 0.0 {
        difference.max(0.0) / seconds
    } else {
        0.0
    }
}

fn quantile(metrics: &Metrics, metric: &str, label: &str, value: &str, at: &str) -> Option<f64> {
    metrics.value(&format!("{metric}{{{label}=\"{value}\",quantile=\"{at}\"}}"))
}
