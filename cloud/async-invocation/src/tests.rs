//! Tests with a real process, the real queue service, and a clock that the test moves.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_iam::{Caller, Policy, Role};
use cloud_lambda::{Function, FunctionSettings};
use cloud_sqs::{AttributeValue, ReceivedMessage, Sqs, SqsConfig};
use cloud_store::{Durability, Location, Store, StoreError};
use cloud_wire::Clock;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{AsyncInvocations, AsyncSettings, MIGRATIONS, Runner, Target};

/// The name under which the child's test is found.
const CHILD: &str = "tests::child";

/// The process of the example function.
#[tokio::test]
#[ignore = "it is the child process of the other tests"]
async fn child() {
    example_function::run().await.unwrap();
}

struct World {
    events: AsyncInvocations,
    sqs: Sqs,
    /// Dropping it stops the queue service.
    _stop: watch::Sender<bool>,
}

impl World {
    async fn open(location: Location) -> Self {
        let (stop, stopping) = watch::channel(false);
        let steps = [&cloud_sqs::MIGRATIONS[..], &MIGRATIONS[..]].concat();
        let store = Store::open(&location, Durability::Process, &steps).unwrap();
        let clock = Clock::default();
        let sqs = Sqs::start(SqsConfig {
            base_url: "http://127.0.0.1:4566".to_owned(),
            region: "us-east-1".to_owned(),
            store: store.clone(),
            clock: clock.clone(),
            stopping,
        });
        let sqs = sqs.await.unwrap();
        for queue in ["failed", "dead"] {
            sqs.converge_queue(queue, BTreeMap::new()).await.unwrap();
        }
        Self {
            events: AsyncInvocations::new(store, clock),
            sqs,
            _stop: stop,
        }
    }

    fn start(&self, settings: AsyncSettings, function: Function, caller: Option<Caller>) -> Runner {
        let target = Target {
            function,
            settings,
            caller,
        };
        Runner::start(self.events.clone(), self.sqs.clone(), vec![target])
    }

    async fn accept(&self, function: &'static str, payload: Value) {
        let events = self.events.clone();
        let accepted = self.events.store.run(move |tx| {
            let payload = payload.to_string();
            events.accept(tx, function, payload.as_bytes())
        });
        accepted.await.unwrap();
    }

    /// The events in the store, by how often their functions failed.
    async fn failures(&self) -> Vec<u32> {
        let read = self.events.store.run(|tx| {
            let mut statement = tx.prepare("SELECT failures FROM async_invocations ORDER BY id")?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
        });
        read.await.unwrap()
    }

    /// Waits until the events have failed so often.
    async fn until(&self, expected: &[u32]) {
        let reached = async {
            while self.failures().await != expected {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), reached)
            .await
            .unwrap();
    }

    /// Waits until the function was invoked so often. An attempt that failed is the end: the next one follows after a minute only.
    async fn until_invoked(&self, invocations: impl Fn() -> usize, expected: usize) {
        let reached = async {
            while invocations() < expected {
                assert_eq!(self.failures().await, [0], "the function could not be invoked");
            }
        };
        tokio::time::timeout(Duration::from_mins(1), reached)
            .await
            .unwrap();
    }

    async fn messages(&self, queue: &str) -> Vec<ReceivedMessage> {
        self.sqs.receive(queue, 10, Duration::ZERO).await.unwrap()
    }
}

fn destinations() -> AsyncSettings {
    AsyncSettings {
        on_failure: Some("failed".to_owned()),
        dead_letter_queue: Some("dead".to_owned()),
        ..AsyncSettings::default()
    }
}

#[tokio::test]
async fn an_event_ends_when_its_function_has_succeeded() {
    let world = World::open(Location::Memory).await;
    let function = Function::new(example_function::settings(CHILD));
    let runner = world.start(destinations(), function, None);
    world.accept("example", json!({"n": 1})).await;
    world.accept("gone", json!({"n": 2})).await;
    world.until(&[]).await;
    assert!(world.messages("failed").await.is_empty() && world.messages("dead").await.is_empty());
    drop(runner);
}

#[tokio::test]
async fn an_event_that_fails_three_times_is_in_the_failure_destinations() {
    let world = World::open(Location::Memory).await;
    let function = Function::new(example_function::settings(CHILD));
    let arn = function.settings().arn.clone();
    let runner = world.start(destinations(), function, None);
    world.accept("example", json!({"do": "fail", "key": "ü"})).await;
    for (failures, minutes) in [(1, 1), (2, 2)] {
        world.until(&[failures]).await;
        assert!(world.messages("failed").await.is_empty());
        world.events.clock.advance(Duration::from_mins(minutes));
    }
    world.until(&[]).await;

    let [failed] = &world.messages("failed").await[..] else {
        panic!("no record")
    };
    let record: Value = serde_json::from_str(&failed.body).unwrap();
    assert_eq!(record["requestPayload"], json!({"do": "fail", "key": "ü"}));
    assert_eq!(record["responsePayload"], json!({"errorType": "Bad"}));
    let context = &record["requestContext"];
    assert_eq!(
        (&context["condition"], &context["approximateInvokeCount"]),
        (&json!("RetriesExhausted"), &json!(3))
    );
    assert_eq!(context["functionArn"], format!("{arn}:$LATEST"));

    let [dead] = &world.messages("dead").await[..] else {
        panic!("no dead letter")
    };
    assert_eq!(dead.body, json!({"do": "fail", "key": "ü"}).to_string());
    let attribute = |name: &str| match &dead.message_attributes[name].value {
        AttributeValue::String(text) => text.clone(),
        AttributeValue::Binary(_) => panic!("{name}"),
    };
    assert_eq!(attribute("RequestID"), context["requestId"].as_str().unwrap());
    assert_eq!(attribute("ErrorCode"), "200");
    drop(runner);
}

/// The role of the function may send to one of the two queues.
#[tokio::test]
async fn the_role_of_the_function_writes_to_the_failure_destinations() {
    let world = World::open(Location::Memory).await;
    let statement =
        json!({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": world.sqs.arn("dead")});
    world.sqs.iam().set_roles([Role {
        name: "role".to_owned(),
        policies: vec![Policy::identity(&json!({ "Statement": statement })).unwrap()],
    }]);
    let caller = Caller::Role {
        role: "role".to_owned(),
        session: "example".to_owned(),
    };
    let settings = AsyncSettings {
        max_retries: 0,
        ..destinations()
    };
    let function = Function::new(example_function::settings(CHILD));
    let runner = world.start(settings, function, Some(caller));
    world.accept("example", json!({"do": "fail"})).await;
    world.until(&[]).await;
    assert_eq!(world.messages("dead").await.len(), 1);
    assert!(world.messages("failed").await.is_empty());
    drop(runner);
}

/// The system stops during the first invocation. After the start the event is delivered again.
#[tokio::test]
async fn an_event_whose_invocation_was_interrupted_is_delivered_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = || Location::Disk(directory.path().join("state.db"));
    let record = directory.path().join("record");
    let function = || {
        Function::new(FunctionSettings {
            environment: [("RECORD".to_owned(), record.display().to_string())].into(),
            ..example_function::settings(CHILD)
        })
    };
    let invocations = || std::fs::read_to_string(&record).map_or(0, |text| text.lines().count());

    let world = World::open(file()).await;
    let hangs = function();
    let mut runner = world.start(destinations(), hangs.clone(), None);
    world
        .accept("example", json!({"do": "record", "milliseconds": 600_000}))
        .await;
    world.until_invoked(invocations, 1).await;
    runner.stop();
    hangs.stop(Duration::ZERO).await;
    runner.finished().await;
    assert_eq!(world.failures().await, [0]);
    world.events.store.close().await;

    let world = World::open(file()).await;
    let again = function();
    let mut runner = world.start(destinations(), again.clone(), None);
    world.until_invoked(invocations, 2).await;
    runner.stop();
    again.stop(Duration::ZERO).await;
    runner.finished().await;
}
