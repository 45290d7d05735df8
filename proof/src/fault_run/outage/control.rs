//! The control calls of the system under an outage: limits, clock, counts and depths.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_sqs::types::QueueAttributeName;
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use stack_client::{Connection, LocalControl, Metrics, Resource};
use tokio::time::Instant;

use crate::outages::OutageTarget;

/// The pause between two steps of the clock.
const CLOCK_PAUSE: Duration = Duration::from_millis(100);

/// Calls `/_local` of the system.
#[derive(Debug)]
pub(super) struct Control(LocalControl);

/// The messages of the queues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Depths {
    /// Messages of the queue that the outage holds up, and of its retry queue.
    pub(super) backlog: u64,
    /// Those of them that are in flight.
    pub(super) in_flight: u64,
    /// Messages of all source and retry queues.
    pub(super) all: u64,
    /// Messages of the dead-letter queues.
    pub(super) dead_letters: u64,
}

#[derive(Deserialize)]
struct Status {
    queues: Vec<QueueState>,
}

#[derive(Deserialize)]
struct QueueState {
    name: String,
    visible: u64,
    delayed: u64,
    in_flight: u64,
    is_dead_letter_queue: bool,
}

/// The calls of the functions, as `/_local/calls` counts them.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Calls {
    calls: BTreeMap<String, BTreeMap<String, Count>>,
}

/// The calls of one operation or service by one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Count {
    pub(super) calls: u64,
    pub(super) max_in_flight_of_a_process: u64,
}

impl Calls {
    /// The calls of the functions that work on messages to the service that is away.
    pub(super) fn of(&self, target: OutageTarget) -> Count {
        let mut total = Count::default();
        for function in target.consumers() {
            let operations = self.calls.get(*function);
            if let Some(count) = operations.and_then(|operations| operations.get(target.service())) {
                total.calls += count.calls;
                let max = total.max_in_flight_of_a_process;
                total.max_in_flight_of_a_process = max.max(count.max_in_flight_of_a_process);
            }
        }
        total
    }
}

impl Control {
    pub(super) async fn connect(connection: &Connection) -> anyhow::Result<Self> {
        Ok(Self(connection.local_control().await?))
    }

    /// Sets the limit of messages in flight.
    pub(super) async fn set_max_in_flight(&self, messages: u64) -> anyhow::Result<()> {
        let limits = json!({ "max_in_flight": messages });
        let request = self.0.put("sqs").json(&limits);
        send::<serde_json::Value>(request).await.map(drop)
    }

    /// Counts calls from now on.
    pub(super) async fn reset_calls(&self) -> anyhow::Result<()> {
        send::<serde_json::Value>(self.0.delete("calls")).await.map(drop)
    }

    pub(super) async fn calls(&self) -> anyhow::Result<Calls> {
        send(self.0.get("calls")).await
    }

    /// Makes the delayed messages of a queue visible.
    pub(super) async fn wake(&self, queue: &str) -> anyhow::Result<()> {
        let request = self.0.put(&format!("queues/{queue}/wake"));
        send::<serde_json::Value>(request).await.map(drop)
    }

    /// Reads the depths, seen from the queue that the outage holds up.
    pub(super) async fn depths(&self, target: OutageTarget) -> anyhow::Result<Depths> {
        let status: Status = send(self.0.get("status")).await?;
        Ok(count(&status.queues, target))
    }

    /// How often an invocation said, since the start, that it holds its batch until the service is back.
    pub(super) async fn held_batches(&self, target: OutageTarget) -> anyhow::Result<u64> {
        let answer = self.0.get("metrics").send().await;
        let answer = answer.context("the system does not answer")?;
        let answer = answer.error_for_status()?;
        let text = answer.text().await.context("the metrics cannot be read")?;
        Ok(count_held(&Metrics::parse(&text), target))
    }

    /// Lets the clock of the queues run `speed` times as fast as the machine's, until this is dropped.
    pub(super) async fn run_clock(&self, speed: u32) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut advanced = Duration::ZERO;
        loop {
            tokio::time::sleep(CLOCK_PAUSE).await;
            // The clock runs by itself too.
            let due = started.elapsed() * (speed - 1);
            let step = due.saturating_sub(advanced);
            let milliseconds = u64::try_from(step.as_millis()).unwrap_or(u64::MAX);
            let step = json!({ "advance_milliseconds": milliseconds });
            let request = self.0.put("clock").json(&step);
            send::<serde_json::Value>(request).await?;
            advanced += Duration::from_millis(milliseconds);
        }
    }
}

/// Delays new messages of the queue that the outage will hold up, so that a backlog is there at once when it is woken.
pub(super) async fn set_delay(
    connection: &Connection,
    target: OutageTarget,
    seconds: u32,
) -> anyhow::Result<()> {
    let queue = match target {
        OutageTarget::Table | OutageTarget::Topic => Resource::OrdersQueueUrl,
        OutageTarget::Email => Resource::NotificationsQueueUrl,
    };
    let url = connection.resource(queue).await?;
    let sqs = connection.sqs().await?;
    let request = sqs.set_queue_attributes().queue_url(url);
    request
        .attributes(QueueAttributeName::DelaySeconds, seconds.to_string())
        .send()
        .await
        .context("the delay of the queue cannot be set")?;
    Ok(())
}

/// How often the metric of held batches was counted.
fn count_held(metrics: &Metrics, target: OutageTarget) -> u64 {
    metrics.number_of_values(&format!("orders_orders_held_{}", target.queue()))
}

fn count(queues: &[QueueState], target: OutageTarget) -> Depths {
    let mut depths = Depths::default();
    for queue in queues {
        let messages = queue.visible + queue.delayed + queue.in_flight;
        let is_of = |name: &str| queue.name == name || queue.name == format!("{name}-retry");
        if queue.is_dead_letter_queue {
            depths.dead_letters += messages;
        } else if is_of("orders") || is_of("notifications") {
            depths.all += messages;
        }
        if is_of(target.queue()) {
            depths.backlog += messages;
            depths.in_flight += queue.in_flight;
        }
    }
    depths
}

async fn send<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let response = request.send().await.context("the system does not answer")?;
    let response = response
        .error_for_status()
        .context("the system refuses a control call")?;
    response
        .json()
        .await
        .context("the system's answer cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backlog_is_that_of_the_queue_and_its_retry_queue() {
        let queue = |name: &str, is_dead_letter_queue| QueueState {
            name: name.to_owned(),
            visible: 1,
            delayed: 10,
            in_flight: 100,
            is_dead_letter_queue,
        };
        let queues = [
            queue("orders", false),
            queue("orders-retry", false),
            queue("orders-dlq", true),
            queue("notifications", false),
            queue("orders-audit-1", false),
        ];
        let expected = Depths {
            backlog: 222,
            in_flight: 200,
            all: 333,
            dead_letters: 111,
        };
        assert_eq!(count(&queues, OutageTarget::Table), expected);
        let of_email = count(&queues, OutageTarget::Email);
        assert_eq!((of_email.backlog, of_email.in_flight), (111, 100));
    }

    #[test]
    fn held_batches_are_those_of_the_queue_that_the_outage_holds_up() {
        let metrics = Metrics::parse(
            "# TYPE orders_orders_held_orders summary\n\
             orders_orders_held_orders_sum 30\n\
             orders_orders_held_orders_count 4\n\
             orders_orders_malformed_messages_count 9\n",
        );
        let counts = OutageTarget::ALL.map(|target| count_held(&metrics, target));
        assert_eq!(counts, [4, 4, 0]);
    }

    #[test]
    fn the_calls_to_the_dead_service_are_those_of_its_consumers() {
        let text = r#"{"calls": {
            "order-worker": {"dynamodb": {"calls": 5, "processes": 2, "max_in_flight_of_a_process": 1},
                             "dynamodb:BatchExecuteStatement": {"calls": 5, "processes": 2, "max_in_flight_of_a_process": 1}},
            "notifier": {"dynamodb": {"calls": 2, "processes": 1, "max_in_flight_of_a_process": 3}},
            "order-api": {"dynamodb": {"calls": 9, "processes": 1, "max_in_flight_of_a_process": 7}}}}"#;
        let calls: Calls = serde_json::from_str(text).unwrap();
        let count = calls.of(OutageTarget::Table);
        assert_eq!((count.calls, count.max_in_flight_of_a_process), (7, 3));
        assert_eq!(calls.of(OutageTarget::Topic), Count::default());
    }
}
