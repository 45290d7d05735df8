//! Tests of injected faults as a client sees them, with the real services.

use axum::http::{HeaderMap, StatusCode};
use cloud_async_invocation::AsyncInvocations;
use cloud_cloudwatch::CloudWatch;
use cloud_dynamodb::DynamoDb;
use cloud_faults::{FaultPlan, Faults, Outage};
use cloud_iam::{AccessKeys, Policy, Role};
use cloud_s3::{S3, S3Config};
use cloud_sns::{Mailbox, Sns, SnsConfig};
use cloud_sqs::{Sqs, SqsConfig};
use cloud_store::{Durability, Location, Store};
use cloud_wire::Clock;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;
use crate::perform::perform as perform_call;

struct World {
    backend: Backend,
}

/// The services, in memory.
async fn open() -> Backend {
    let (stop, stopping) = watch::channel(false);
    let migrations = [
        &cloud_sqs::MIGRATIONS[..],
        &cloud_sns::MIGRATIONS,
        &cloud_s3::MIGRATIONS,
    ]
    .concat();
    let store = Store::open(&Location::Memory, Durability::Process, &migrations).unwrap();
    let (base_url, region) = ("http://127.0.0.1:4566".to_owned(), "us-east-1".to_owned());
    let mailbox = Mailbox::new(store.clone(), Clock::default(), stopping.clone());
    let sqs = SqsConfig {
        base_url: base_url.clone(),
        region: region.clone(),
        store: store.clone(),
        clock: Clock::default(),
        stopping,
    };
    let sqs = Sqs::start(sqs).await.unwrap();
    let s3 = S3::open(S3Config {
        directory: None,
        durability: Durability::Process,
        invocations: AsyncInvocations::new(store.clone(), Clock::default()),
        store,
        clock: Clock::default(),
        iam: sqs.iam().clone(),
        access_keys: AccessKeys::default(),
    });
    let sns = Sns::new(SnsConfig {
        sqs: sqs.clone(),
        mailbox: mailbox.clone(),
        base_url,
        region,
        confirm_emails: true,
    });
    Backend {
        sqs,
        sns,
        mailbox,
        dynamodb: DynamoDb::open(&Location::Memory, Durability::Process)
            .await
            .unwrap(),
        s3: s3.await.unwrap(),
        cloud_watch: CloudWatch::default(),
        access_keys: AccessKeys::default(),
        faults: Faults::default(),
        calls: crate::CallCounts::default(),
        meter: cloud_billing::Meter::default(),
        clock: Clock::default(),
        instance: crate::Instance::new(None),
        stop: stop.into(),
    }
}

impl World {
    async fn new(plan: &str) -> Self {
        let backend = open().await;
        let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        backend.iam().set_roles([Role {
            name: "role".to_owned(),
            policies: vec![Policy::identity(&json!({ "Statement": everything })).unwrap()],
        }]);
        let mut everybody = everything;
        everybody["Principal"] = json!("*");
        let policy = json!({ "Statement": everybody }).to_string();
        let attributes = std::collections::BTreeMap::from([("Policy".to_owned(), policy)]);
        backend.sqs.converge_queue("q", attributes).await.unwrap();
        backend.faults.set(Some(FaultPlan::parse(plan).unwrap()));
        Self { backend }
    }

    async fn raw(&self, service: Service, operation: &str, body: String) -> Response<Bytes> {
        let call = Call {
            request_id: "id".to_owned(),
            principal: Principal::Function {
                access_key: "key".to_owned(),
                role: "role".to_owned(),
                function: "worker".to_owned(),
            },
            service,
            operation: operation.to_owned(),
            queue_query: false,
            headers: headers(operation),
            body: body.into(),
        };
        perform_call(&self.backend, call).await
    }

    async fn json(&self, service: Service, operation: &str, body: Value) -> (StatusCode, Value) {
        let answer = self.raw(service, operation, body.to_string()).await;
        (answer.status(), serde_json::from_slice(answer.body()).unwrap())
    }

    /// Turns the faults off and returns the messages in the queue.
    async fn received(&self) -> Vec<String> {
        self.backend.faults.set(None);
        let messages = self
            .backend
            .sqs
            .receive("q", 10, std::time::Duration::ZERO)
            .await
            .unwrap();
        messages.into_iter().map(|message| message.body).collect()
    }

    fn counted(&self, kind: FaultKind, operation: &str) -> u64 {
        self.backend.faults.injected()[&kind][operation]
    }
}

/// The headers that the DynamoDB engine needs.
fn headers(operation: &str) -> HeaderMap {
    let headers = [
        ("content-type", "application/x-amz-json-1.0".to_owned()),
        ("x-amz-target", format!("DynamoDB_20120810.{operation}")),
        ("x-amz-date", "20260101T000000Z".to_owned()),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
                .to_owned(),
        ),
    ];
    let parse = |(name, value): (&'static str, String)| (name.parse().unwrap(), value.parse().unwrap());
    HeaderMap::from_iter(headers.map(parse))
}

fn message(body: &str) -> Value {
    json!({"QueueUrl": "q", "MessageBody": body})
}

#[tokio::test]
async fn a_throttled_call_has_no_effect_and_the_error_of_its_service() {
    let world = World::new("{seed: 1, calls: [{throttle: 1}]}").await;
    let answer = world
        .raw(Service::Sqs, "SendMessage", message("m").to_string())
        .await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert_eq!(answer.headers()["x-amzn-query-error"], "RequestThrottled;Sender");
    let (status, body) = world.json(Service::DynamoDb, "BatchGetItem", json!({})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["__type"],
        "com.amazon.coral.availability#ThrottlingException"
    );
    let answer = world.raw(Service::Sns, "Publish", String::new()).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(answer.body()).contains("<Code>Throttling</Code>"));
    assert_eq!(world.counted(FaultKind::Throttle, "sqs:SendMessage"), 1);
    assert!(world.received().await.is_empty());
}

#[tokio::test]
async fn unavailable_has_no_effect_and_an_internal_error_may_have_one() {
    let world =
        World::new("{seed: 1, calls: [{operations: ['sqs:*'], internal_error: 1}, {unavailable: 1}]}").await;
    for number in 0..10 {
        let (status, body) = world
            .json(Service::Sqs, "SendMessage", message(&number.to_string()))
            .await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body["__type"], "com.amazon.coral.service#InternalFailure");
    }
    let (status, _) = world.json(Service::DynamoDb, "ListTables", json!({})).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let sent = world.received().await.len();
    assert!(0 < sent && sent < 10, "{sent} of 10 took effect");
}

#[tokio::test]
async fn an_outage_takes_a_service_away_and_its_calls_are_counted() {
    let world = World::new("seed: 1").await;
    let outage = Outage::parse("{operations: ['sqs:*'], milliseconds: [0, 0]}").unwrap();
    world.backend.faults.begin_outage("queues", outage);
    for _ in 0..3 {
        let answer = world
            .raw(Service::Sqs, "SendMessage", message("lost").to_string())
            .await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    let (status, _) = world.json(Service::DynamoDb, "ListTables", json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(world.counted(FaultKind::Outage, "sqs:SendMessage"), 3);
    assert!(world.backend.faults.end_outage("queues"));
    let answer = world
        .raw(Service::Sqs, "SendMessage", message("kept").to_string())
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let counted = &world.backend.calls.read()["worker"]["sqs:SendMessage"];
    assert_eq!((counted.calls, counted.max_in_flight_of_a_process), (4, 1));
    assert_eq!(world.received().await, ["kept"]);
}

#[tokio::test]
async fn a_lost_response_has_its_effect() {
    let world = World::new("{seed: 1, calls: [{lost_response: 1}]}").await;
    let answer = world
        .raw(Service::Sqs, "SendMessage", message("m").to_string())
        .await;
    assert!(
        axum::body::to_bytes(into_body(answer).into_body(), 1000)
            .await
            .is_err()
    );
    assert_eq!(world.counted(FaultKind::LostResponse, "sqs:SendMessage"), 1);
    assert_eq!(world.received().await, ["m"]);
}

#[tokio::test]
async fn entries_fail_alone_and_the_others_take_effect() {
    let world = World::new("{seed: 1, calls: [{entry_failure: 0.4}]}").await;
    let entries: Vec<_> = (0..10)
        .map(|n| json!({"Id": format!("e{n}"), "MessageBody": format!("e{n}")}))
        .collect();
    let request = json!({"QueueUrl": "q", "Entries": entries});
    let (status, answer) = world.json(Service::Sqs, "SendMessageBatch", request).await;
    assert_eq!(status, StatusCode::OK);
    let ids = |list: &str| -> Vec<String> {
        let entries = answer[list].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["Id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (mut successful, failed) = (ids("Successful"), ids("Failed"));
    assert!(
        !failed.is_empty() && failed.len() + successful.len() == 10,
        "{answer}"
    );
    assert_eq!(
        world.counted(FaultKind::EntryFailure, "sqs:SendMessageBatch"),
        failed.len() as u64
    );
    let mut received = world.received().await;
    received.sort();
    successful.sort();
    assert_eq!(received, successful);
}

#[tokio::test]
async fn a_batch_call_succeeds_even_if_every_entry_fails() {
    let world = World::new("{seed: 1, calls: [{entry_failure: 1}]}").await;
    let request = json!({"QueueUrl": "q", "Entries": [{"Id": "e", "MessageBody": "m"}]});
    let (status, answer) = world.json(Service::Sqs, "SendMessageBatch", request).await;
    assert_eq!(
        (status, answer["Failed"][0]["Id"].as_str()),
        (StatusCode::OK, Some("e"))
    );
    let request = json!({"Statements": [{"Statement": "x"}, {"Statement": "y"}]});
    let (status, answer) = world
        .json(Service::DynamoDb, "BatchExecuteStatement", request)
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        answer["Responses"][1]["Error"]["Code"],
        "ProvisionedThroughputExceeded"
    );
    let form = "Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=e&TopicArn=t";
    let answer = world.raw(Service::Sns, "PublishBatch", form.to_owned()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert!(
        text.contains("<Failed><member><Id>e</Id><Code>InternalError</Code>"),
        "{text}"
    );
    assert!(world.received().await.is_empty());
}

#[tokio::test]
async fn statements_and_keys_keep_their_order() {
    let world = World::new("seed: 1").await;
    let table = json!({
        "TableName": "rows", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    world.backend.dynamodb.converge_table(table, None).await.unwrap();
    let plan = FaultPlan::parse("{seed: 2, calls: [{entry_failure: 0.4}]}").unwrap();
    world.backend.faults.set(Some(plan));
    let statements: Vec<_> = (0..20)
        .map(|n| json!({"Statement": format!("INSERT INTO \"rows\" VALUE {{'id': 'i{n}'}}")}))
        .collect();
    let (_, answer) = world
        .json(
            Service::DynamoDb,
            "BatchExecuteStatement",
            json!({"Statements": statements}),
        )
        .await;
    let succeeded: Vec<bool> = answer["Responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| response["Error"].is_null())
        .collect();
    assert_eq!(succeeded.len(), 20);
    assert!(
        succeeded.contains(&true) && succeeded.contains(&false),
        "{answer}"
    );

    let keys: Vec<_> = (0..20).map(|n| json!({"id": {"S": format!("i{n}")}})).collect();
    let asked = json!({"RequestItems": {"rows": {"Keys": keys, "ConsistentRead": true}}});
    let (_, answer) = world.json(Service::DynamoDb, "BatchGetItem", asked.clone()).await;
    let unprocessed = &answer["UnprocessedKeys"]["rows"];
    assert_eq!(unprocessed["ConsistentRead"], true, "{answer}");
    assert!(!unprocessed["Keys"].as_array().unwrap().is_empty());

    world.backend.faults.set(None);
    let (_, answer) = world.json(Service::DynamoDb, "BatchGetItem", asked).await;
    let mut stored = vec![false; 20];
    for item in answer["Responses"]["rows"].as_array().unwrap() {
        stored[item["id"]["S"].as_str().unwrap()[1..].parse::<usize>().unwrap()] = true;
    }
    assert_eq!(stored, succeeded);
}

#[tokio::test]
async fn published_entries_reach_the_queue_and_failed_ones_do_not() {
    let world = World::new("seed: 1").await;
    let topic = "arn:aws:sns:us-east-1:000000000000:t";
    let queue = world.backend.sqs.arn("q");
    world.raw(Service::Sns, "CreateTopic", "Name=t".to_owned()).await;
    let subscribe = format!(
        "TopicArn={topic}&Protocol=sqs&Endpoint={queue}&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true"
    );
    assert_eq!(
        world.raw(Service::Sns, "Subscribe", subscribe).await.status(),
        StatusCode::OK
    );
    let plan = FaultPlan::parse("{seed: 2, calls: [{entry_failure: 0.4}]}").unwrap();
    world.backend.faults.set(Some(plan));
    let entry = |n: u32| {
        let prefix = format!("PublishBatchRequestEntries.member.{n}");
        format!("&{prefix}.Id=e{n}&{prefix}.Message=e{n}")
    };
    let entries: String = (1..=10).map(entry).collect();
    let answer = world
        .raw(
            Service::Sns,
            "PublishBatch",
            format!("Action=PublishBatch&TopicArn={topic}{entries}"),
        )
        .await;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    let (successful, failed) = text.split_once("<Failed>").unwrap();
    let ids = |part: &str| -> Vec<String> {
        part.split("<Id>")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect()
    };
    let (mut successful, failed) = (ids(successful), ids(failed));
    assert!(
        !failed.is_empty() && failed.len() + successful.len() == 10,
        "{text}"
    );
    let mut received = world.received().await;
    received.sort();
    successful.sort();
    assert_eq!(received, successful);
}
