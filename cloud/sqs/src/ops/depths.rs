//! The depth and the age of all queues, which SQS answers only for one queue at a time.

use std::collections::HashSet;

use serde::Serialize;

use crate::error::SqsError;
use crate::expiry::QUEUES;
use crate::name;
use crate::queue::Queue;
use crate::service::Sqs;
use crate::traffic::QueueTraffic;

/// How many messages a queue holds, and how old the oldest is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueDepth {
    /// The queue's name.
    pub name: String,
    /// Number of messages that can be received.
    pub visible: i64,
    /// Number of messages that a sender delayed.
    pub delayed: i64,
    /// Number of messages that a consumer has received and that are hidden.
    pub in_flight: i64,
    /// Age of the oldest message, whatever its state. `None` if there is none.
    pub oldest_age_seconds: Option<i64>,
    /// The value of the metric `ApproximateAgeOfOldestMessage`, in seconds.
    #[serde(skip)]
    pub metric_age_seconds: i64,
    /// Whether a queue names it in its redrive policy.
    pub is_dead_letter_queue: bool,
    /// The messages that passed through it since the start.
    #[serde(flatten)]
    pub traffic: QueueTraffic,
}

/// Returns the depths by name. Each transaction looks at a bounded number of queues.
pub(crate) async fn depths(sqs: &Sqs) -> Result<Vec<QueueDepth>, SqsError> {
    let (mut depths, mut targets, mut after) = (Vec::new(), HashSet::new(), 0);
    loop {
        let service = sqs.clone();
        let some = sqs.store().run(move |tx| {
            let now = service.clock().now_ms();
            let mut some = Vec::new();
            for queue in Queue::some_after(tx, after, QUEUES)? {
                let counts = queue.counts(tx)?;
                let oldest = queue.oldest_sent_at(tx)?;
                let counted = queue.oldest_counted_sent_at(tx)?;
                let age = |sent_at: i64| (now - sent_at).max(0) / 1000;
                let depth = QueueDepth {
                    traffic: service.traffic().count(&queue.name),
                    name: queue.name,
                    visible: counts.ready,
                    delayed: counts.delayed,
                    in_flight: counts.in_flight,
                    oldest_age_seconds: oldest.map(age),
                    metric_age_seconds: counted.map_or(0, age),
                    is_dead_letter_queue: false,
                };
                some.push((queue.id, depth, queue.settings.redrive));
            }
            Ok::<_, SqsError>(some)
        });
        let some = some.await?;
        let is_last = some.len() < QUEUES;
        for (id, depth, redrive) in some {
            after = id;
            depths.push(depth);
            let target = redrive.and_then(|policy| name::from_arn(&policy.target_arn).map(str::to_owned));
            targets.extend(target);
        }
        if is_last {
            break;
        }
    }
    for depth in &mut depths {
        depth.is_dead_letter_queue = targets.contains(&depth.name);
    }
    depths.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(depths)
}
