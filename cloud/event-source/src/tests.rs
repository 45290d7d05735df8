//! Tests with a queue that invokes a function: the real queue service and a real process.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_faults::{FaultKind, FaultPlan, Faults};
use cloud_lambda::{Function, FunctionSettings};
use cloud_sqs::{Sqs, SqsConfig};
use cloud_store::{Durability, Location, Store};
use cloud_wire::Clock;
use tokio::sync::watch;

use crate::{EventSource, EventSourceSettings};

/// The name under which the child's test is found.
const CHILD: &str = "tests::child";

/// The process of the example function.
#[tokio::test]
#[ignore = "it is the child process of the other tests"]
async fn child() {
    example_function::run().await.unwrap();
}

struct World {
    sqs: Sqs,
    function: Function,
    source: EventSource,
    /// Dropping it stops the queue service.
    _stop: watch::Sender<bool>,
}

async fn world(report_batch_item_failures: bool) -> World {
    world_with(report_batch_item_failures, Faults::default()).await
}

async fn world_with(report_batch_item_failures: bool, faults: Faults) -> World {
    let (stop, stopping) = watch::channel(false);
    let sqs = Sqs::start(SqsConfig {
        base_url: "http://127.0.0.1:4566".to_owned(),
        region: "us-east-1".to_owned(),
        store: Store::open(&Location::Memory, Durability::Process, &cloud_sqs::MIGRATIONS).unwrap(),
        clock: Clock::default(),
        stopping,
    })
    .await
    .unwrap();
    sqs.converge_queue("work", BTreeMap::new()).await.unwrap();
    let settings = EventSourceSettings {
        queue_arn: sqs.arn("work"),
        queue_name: "work".to_owned(),
        batch_size: 10,
        batching_window: Duration::ZERO,
        maximum_concurrency: Some(2),
        report_batch_item_failures,
    };
    let function = Function::new(FunctionSettings {
        faults: faults.clone(),
        ..example_function::settings(CHILD)
    });
    let source = EventSource::start(&settings, sqs.clone(), faults, function.clone(), None);
    World {
        sqs,
        function,
        source,
        _stop: stop,
    }
}

impl World {
    async fn send(&self, body: &str) {
        let request = serde_json::json!({"QueueUrl": self.sqs.url("work"), "MessageBody": body}).to_string();
        cloud_sqs::protocol::call(&self.sqs, "SendMessage", request.as_bytes(), "AKIATEST")
            .await
            .unwrap();
    }

    /// Waits until the queue has this many ready messages and this many in flight.
    async fn holds(&self, ready: &str, in_flight: &str) {
        let request =
            serde_json::json!({"QueueUrl": self.sqs.url("work"), "AttributeNames": ["All"]}).to_string();
        let settled = async {
            loop {
                let answer = cloud_sqs::protocol::call(
                    &self.sqs,
                    "GetQueueAttributes",
                    request.as_bytes(),
                    "AKIATEST",
                );
                let answer = answer.await.unwrap();
                let count = |name: &str| answer["Attributes"][name].as_str().unwrap().to_owned();
                let counts = (
                    count("ApproximateNumberOfMessages"),
                    count("ApproximateNumberOfMessagesNotVisible"),
                );
                if counts == (ready.to_owned(), in_flight.to_owned()) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), settled)
            .await
            .unwrap();
    }

    async fn stop(self) -> Sqs {
        self.source.stop();
        self.function.stop(Duration::ZERO).await;
        self.source.finished().await;
        self.sqs
    }
}

#[tokio::test]
async fn processed_messages_are_deleted() {
    let world = world(true).await;
    for number in 0..25 {
        world.send(&format!("{number}")).await;
    }
    world.holds("0", "0").await;
    world.stop().await;
}

#[tokio::test]
async fn reported_failures_stay_in_flight() {
    let world = world(true).await;
    world.send("report").await;
    world.holds("0", "1").await;
    world.stop().await;
}

#[tokio::test]
async fn without_reports_any_answer_is_success() {
    let world = world(false).await;
    world.send("report").await;
    world.holds("0", "0").await;
    world.stop().await;
}

#[tokio::test]
async fn messages_of_an_invocation_killed_by_a_stop_are_ready_at_once() {
    let world = world(true).await;
    world.send("hang").await;
    world.holds("0", "1").await;
    let sqs = world.stop().await;
    let messages = sqs.receive("work", 10, Duration::ZERO).await.unwrap();
    assert_eq!(messages[0].body, "hang");
}

fn faults(plan: &str) -> Faults {
    let faults = Faults::default();
    faults.set(Some(FaultPlan::parse(plan).unwrap()));
    faults
}

/// Each message is delivered twice or more, and all are deleted in the end.
#[tokio::test]
async fn deliveries_that_come_twice_are_deleted_all_the_same() {
    let faults = faults("{seed: 1, deliveries: [{duplicate: 0.5, redelivery: 0.5, shuffle: 1}]}");
    let world = world_with(true, faults.clone()).await;
    for number in 0..25 {
        world.send(&format!("{number}")).await;
    }
    world.holds("0", "0").await;
    world.stop().await;
    let injected = faults.injected();
    for kind in [FaultKind::Duplicate, FaultKind::Redelivery, FaultKind::Shuffle] {
        assert!(injected[&kind]["work"] > 0, "{kind:?}");
    }
}

/// A process is killed during an invocation. Its messages wait for their visibility timeout.
#[tokio::test]
async fn messages_of_a_killed_process_stay_in_flight() {
    let faults = faults("{seed: 1, kills: [{chance: 1, after_milliseconds: [0, 20]}]}");
    let world = world_with(true, faults.clone()).await;
    world.send("hang").await;
    world.holds("0", "1").await;
    let killed = async {
        while faults.injected().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), killed)
        .await
        .unwrap();
    world.holds("0", "1").await;
    assert_eq!(faults.injected()[&FaultKind::Kill]["example"], 1);
    world.stop().await;
}
