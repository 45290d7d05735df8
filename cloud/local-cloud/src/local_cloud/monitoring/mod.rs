//! Samples the queues for CloudWatch, and has it judge the alarms after each minute.

use std::collections::HashMap;
use std::time::Duration;

use cloud_cloudwatch::{CloudWatch, Metric};
use cloud_sqs::{QueueDepth, QueueTraffic, Sqs};
use tokio_util::sync::CancellationToken;

/// Time between two samples. SQS publishes one datapoint a minute; the statistics are over these samples.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);
const MINUTE_MS: i64 = 60_000;

/// The running task. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Monitoring(CancellationToken);

impl Monitoring {
    /// Begins to sample and to judge.
    pub(super) fn start(cloud_watch: CloudWatch, sqs: Sqs) -> Self {
        let stopping = CancellationToken::new();
        let stopped = stopping.clone();
        tokio::spawn(async move { stopped.run_until_cancelled(run(cloud_watch, sqs)).await });
        Self(stopping)
    }
}

impl Drop for Monitoring {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn run(cloud_watch: CloudWatch, sqs: Sqs) {
    let mut judged = sqs.clock().now_ms().div_euclid(MINUTE_MS);
    cloud_watch.evaluate();
    let mut traffic = HashMap::new();
    loop {
        let moved = sqs.clock().moved();
        let now = sqs.clock().now_ms();
        let minute = now.div_euclid(MINUTE_MS);
        // At the end of a minute the sample still belongs to it.
        let at = if minute > judged {
            minute * MINUTE_MS - 1
        } else {
            now
        };
        sample(&cloud_watch, &sqs, at, &mut traffic).await;
        if minute > judged {
            judged = minute;
            cloud_watch.evaluate();
        }
        let next_minute = Duration::from_millis(u64::try_from((minute + 1) * MINUTE_MS - now).unwrap_or(0));
        tokio::select! {
            () = tokio::time::sleep(SAMPLE_INTERVAL.min(next_minute)) => {}
            () = moved => {}
        }
    }
}

/// Samples every queue. A failure of the store is logged by the store.
async fn sample(
    cloud_watch: &CloudWatch,
    sqs: &Sqs,
    at_ms: i64,
    traffic: &mut HashMap<String, QueueTraffic>,
) {
    for depth in sqs.depths().await.unwrap_or_default() {
        let before = traffic
            .insert(depth.name.clone(), depth.traffic)
            .unwrap_or_default();
        for (name, value) in passed(before, depth.traffic) {
            let metric = Metric::new("AWS/SQS", name, &[("QueueName", &depth.name)]);
            #[expect(clippy::cast_precision_loss, reason = "no queue passes 2^52 messages")]
            cloud_watch.add_at(metric, value as f64, at_ms);
        }
        for (name, value) in values(&depth) {
            let metric = Metric::new("AWS/SQS", name, &[("QueueName", &depth.name)]);
            #[expect(clippy::cast_precision_loss, reason = "no queue holds 2^52 messages")]
            cloud_watch.sample_at(metric, value as f64, at_ms);
        }
    }
}

/// Source: SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS".
fn values(depth: &QueueDepth) -> [(&'static str, i64); 4] {
    [
        ("ApproximateNumberOfMessagesVisible", depth.visible),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed),
        ("ApproximateAgeOfOldestMessage", depth.metric_age_seconds),
    ]
}

/// The messages that passed a queue since the sample before. A message that SQS itself moved to a dead-letter queue does not
/// count as sent, as on AWS.
fn passed(before: QueueTraffic, now: QueueTraffic) -> [(&'static str, u64); 3] {
    [
        ("NumberOfMessagesSent", now.sent.saturating_sub(before.sent)),
        (
            "NumberOfMessagesReceived",
            now.received.saturating_sub(before.received),
        ),
        (
            "NumberOfMessagesDeleted",
            now.deleted.saturating_sub(before.deleted),
        ),
    ]
}

#[cfg(test)]
mod tests;
