//! The alarms of the template: each rings by a fault, and none on a good day. The clock of the queues is moved, so that no test
//! waits for minutes.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde_json::{Value, json};

use crate::system::{Sandbox, System, eventually, sample, sample_of_new_customer};

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The document of `/_local/alarms`.
async fn read(system: &System) -> Value {
    let url = format!("{}/_local/alarms", system.aws_endpoint_url);
    let answer = client().get(url).send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// The alarms that rang since the start.
async fn rung(system: &System) -> BTreeSet<String> {
    let document = read(system).await;
    let alarms = document["alarms"].as_array().unwrap().iter();
    let rung = alarms.filter(|alarm| alarm["times_rung"].as_u64() != Some(0));
    rung.map(|alarm| alarm["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn advance(system: &System, milliseconds: u64) {
    let body = json!({"advance_milliseconds": milliseconds}).to_string();
    let request = client().put(format!("{}/_local/clock", system.aws_endpoint_url));
    let request = request.header("content-type", "application/json").body(body);
    assert!(request.send().await.unwrap().status().is_success());
}

/// Moves the clock by these steps, past the end of a minute, and waits until the alarms were judged.
async fn end_a_minute(system: &System, steps: &[u64]) {
    let before = read(system).await["evaluations"].as_u64().unwrap();
    for milliseconds in steps {
        advance(system, *milliseconds).await;
    }
    eventually("the alarms are judged", async || {
        let evaluations = read(system).await["evaluations"].as_u64().unwrap();
        (evaluations > before).then_some(())
    })
    .await;
}

/// Lets a minute pass, and waits until the alarms were judged.
async fn pass_a_minute(system: &System) {
    // A message that waits for a retry waits for at least five seconds, so that the first step sees it.
    end_a_minute(system, &[1000, 59_000]).await;
}

/// Moves a clock that was never moved to the first second of a minute. A test then has 58 seconds of the machine until that
/// minute ends by itself, with those that it spends after each call of [`pass_a_minute`].
async fn begin_a_minute(system: &System) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let passed = u64::try_from(now.as_millis() % 60_000).unwrap();
    // A second more, because the system reads its own clock.
    end_a_minute(system, &[61_000 - passed]).await;
}

/// Waits until a queue has a message that waits for a retry.
async fn wait_for_a_retry(system: &System, queue: &str) {
    eventually("a message waits for a retry", async || {
        // Its exit code says that there is a problem, as soon as an alarm rings.
        let output = system.orderctl(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        let queues = status["queues"].as_array().unwrap();
        let found = queues.iter().find(|found| found["name"] == queue).unwrap();
        (found["delayed"].as_u64() != Some(0)).then_some(())
    })
    .await;
}

/// Reads a line of `/_local/metrics`: 0 as long as the metric has no value.
async fn read_metric(system: &System, name: &str) -> u64 {
    let url = format!("{}/_local/metrics", system.aws_endpoint_url);
    let text = client().get(url).send().await.unwrap().text().await.unwrap();
    let name = format!("{name} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&name));
    value.map_or(0, |value| value.parse().unwrap())
}

/// How many values a metric of the functions' logs has.
async fn count_values(system: &System, metric: &str) -> u64 {
    read_metric(system, &format!("orders_orders_{metric}_count")).await
}

/// Places an order during an outage of the table, and waits until the metrics say that it was accepted and that an instance of
/// order-worker holds a batch.
async fn place_and_wait_until_held(system: &System) {
    let count = async || {
        let accepted = read_metric(system, "orders_orders_accepted_sum{service=\"order-api\"}").await;
        (accepted, count_values(system, "held_orders").await)
    };
    let before = count().await;
    system.place(&sample_of_new_customer("order.json")).await;
    eventually("a batch is held", async || {
        let now = count().await;
        (now.0 > before.0 && now.1 > before.1).then_some(())
    })
    .await;
}

/// The message of an order that was accepted days ago, with another id.
fn accepted_long_ago(id: &str) -> String {
    let message = include_str!("../../../order-core/golden/message-v1.json");
    with_id(message, id)
}

/// A golden message or event with another id.
fn with_id(golden: &str, id: &str) -> String {
    golden.replace("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", id)
}

fn name(alarm: &Value) -> &str {
    alarm["name"].as_str().unwrap()
}

/// The logical ids of the alarms in the template.
fn alarms_of_the_template() -> BTreeSet<&'static str> {
    let lines: Vec<&str> = include_str!("../../../template.yaml").lines().collect();
    let is_alarm = |pair: &&[&str]| pair[1] == "    Type: AWS::CloudWatch::Alarm";
    let heads = lines.windows(2).filter(is_alarm);
    heads.map(|pair| pair[0].trim().trim_end_matches(':')).collect()
}

#[tokio::test]
async fn on_a_good_day_every_alarm_rests() {
    let system = Sandbox::new().start_with(&[]).await;
    for _ in 0..3 {
        let id = system.place(&sample_of_new_customer("order.json")).await;
        system.wait_until_notified(&id).await;
        pass_a_minute(&system).await;
    }
    let document = read(&system).await;
    // `each_alarm_rings_by_its_fault` and the other tests take the names from the running system.
    let names: BTreeSet<&str> = document["alarms"].as_array().unwrap().iter().map(name).collect();
    assert_eq!(names, alarms_of_the_template());
    for alarm in document["alarms"].as_array().unwrap() {
        assert_eq!(
            (&alarm["state"], &alarm["times_rung"]),
            (&json!("OK"), &json!(0)),
            "{alarm}"
        );
    }
}

/// The alarms that ring two minutes after the table went away.
const BY_AN_OUTAGE_OF_THE_TABLE: [&str; 2] = ["NothingConfirmedAlarm", "OrdersPutOffAlarm"];

/// The API goes on answering 202, no invocation fails, and nothing is a dead letter yet. All alarms of the template before
/// this one stay silent.
#[tokio::test]
async fn an_outage_of_the_table_rings_although_no_age_and_no_error_alarm_does() {
    let system = Sandbox::new().start_with(&[]).await;
    system.read_json_lines(&["faults", "outage", "table", "--json"]);
    begin_a_minute(&system).await;
    for _ in 0..2 {
        assert_eq!(rung(&system).await, BTreeSet::new(), "{}", read(&system).await);
        place_and_wait_until_held(&system).await;
        pass_a_minute(&system).await;
    }
    let expected = BY_AN_OUTAGE_OF_THE_TABLE.map(str::to_owned);
    let document = read(&system).await;
    assert_eq!(rung(&system).await, BTreeSet::from(expected), "{document}");
    for alarm in document["alarms"].as_array().unwrap() {
        let rings = BY_AN_OUTAGE_OF_THE_TABLE.contains(&name(alarm));
        assert_eq!(alarm["state"] == "ALARM", rings, "{document}");
    }
}

/// The alarms that ring without an outage: by orders that were accepted long ago, and by a conflict.
const BY_OLD_ORDERS: [&str; 3] = ["ConfirmationAgeAlarm", "ConflictsAlarm", "NotificationAgeAlarm"];

#[tokio::test]
async fn late_orders_and_a_conflict_ring_although_nothing_is_out() {
    let system = Sandbox::new().start_with(&[]).await;
    for number in 1..=3 {
        let id = format!("0199d3a0-5c1e-7b3a-9f57-00000000000{number}");
        system.send("orders", &accepted_long_ago(&id)).await;
        system.wait_until_notified(&id).await;
        pass_a_minute(&system).await;
    }
    // Another order has the id of a stored one.
    let id = "0199d3a0-5c1e-7b3a-9f57-000000000001";
    let other = include_str!("../../../order-core/golden/message-v2.json");
    let conflict = other.replace("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", id);
    system.send("orders", &conflict).await;
    let expected = BY_OLD_ORDERS.into_iter();
    let expected = expected.chain(["OrdersDeadLetteredAlarm", "OrdersDlqAlarm"]);
    let expected: BTreeSet<String> = expected.map(str::to_owned).collect();
    for _ in 0..5 {
        pass_a_minute(&system).await;
        if rung(&system).await == expected {
            return;
        }
    }
    assert_eq!(rung(&system).await, expected);
}

/// The alarms that ring because there are more requests or messages than the limits allow.
const BY_LOAD: [&str; 5] = [
    "OrderApiThrottlesAlarm",
    "OrderWorkerThrottlesAlarm",
    "NotifierThrottlesAlarm",
    "ConcurrencyAlarm",
    "RefusedRequestsAlarm",
];

/// How many invocations of a function were throttled.
async fn count_throttles(system: &System, function: &str) -> u64 {
    let name = format!("aws_lambda_throttles_sum{{function_name=\"{function}\"}}");
    read_metric(system, &name).await
}

/// Each function may run twice at once. In an outage of the table two invocations of each consumer hold their batches, so that a
/// message of its retry queue finds no concurrency.
#[tokio::test]
async fn throttles_a_used_up_concurrency_and_refused_requests_ring() {
    let parameters = [
        "OrdersBatchSize=1",
        "NotificationsBatchSize=1",
        "NotificationsBatchWindowSeconds=0",
        "ConcurrencyAlarmCount=1",
        "RefusedRequestsAlarmCount=0",
        "PlaceBatchRateLimit=1",
        "PlaceBatchBurstLimit=1",
    ];
    let parameters = parameters.iter().flat_map(|parameter| ["--parameter", parameter]);
    let arguments: Vec<&str> = parameters.chain(["--function-concurrency", "2"]).collect();
    let system = Sandbox::new().start_with(&arguments).await;
    system.read_json_lines(&["faults", "outage", "table", "--json"]);
    let expected = BTreeSet::from(BY_LOAD.map(str::to_owned));
    let mut number = 0;
    let event = include_str!("../../../order-core/golden/event-v1.json");
    let message = include_str!("../../../order-core/golden/message-v1.json");
    let feeds = [
        ("order-worker", "orders", message),
        ("notifier", "notifications", event),
    ];
    for _ in 0..9 {
        for (function, queue, body) in feeds {
            let before = count_throttles(&system, function).await;
            eventually("a message finds no concurrency", async || {
                for queue in [queue.to_owned(), format!("{queue}-retry")] {
                    number += 1;
                    let id = format!("0199d3a0-5c1e-7b3a-9f57-{number:012}");
                    system.send(&queue, &with_id(body, &id)).await;
                }
                (count_throttles(&system, function).await > before).then_some(())
            })
            .await;
        }
        let before = count_throttles(&system, "order-api").await;
        eventually("a request finds no concurrency", async || {
            let url = format!("{}/orders/0199d3a0-5c1e-7b3a-9f57-000000000001", system.api_url);
            let requests = (0..10).map(|_| client().get(&url).send());
            futures_util::future::join_all(requests).await;
            (count_throttles(&system, "order-api").await > before).then_some(())
        })
        .await;
        eventually("a request is over its rate limit", async || {
            let request = client()
                .post(format!("{}/orders/batch", system.api_url))
                .body("{}");
            (request.send().await.unwrap().status() == 429).then_some(())
        })
        .await;
        pass_a_minute(&system).await;
        if expected.is_subset(&rung(&system).await) {
            return;
        }
    }
    panic!("of {expected:?} only these rang: {:?}", rung(&system).await);
}

/// The functions are this test's own program, in which a thread panics beside the work.
#[tokio::test]
async fn a_panic_that_crashes_nothing_rings() {
    let sandbox = Sandbox::new();
    let program = sandbox.file("panicking");
    let real = crate::system::orderctl().get_program().to_owned();
    let script = format!(
        "#!/bin/sh\nORDERS_UNDER_TEST_PANICS=1 exec '{}' \"$@\"\n",
        real.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let system = sandbox
        .start_with(&["--functions", program.to_str().unwrap()])
        .await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    pass_a_minute(&system).await;
    assert_eq!(rung(&system).await, BTreeSet::from(["PanicsAlarm".to_owned()]));
}

/// Another subscriber gets the emails, so that no notification fails.
#[tokio::test]
async fn the_loss_of_the_shops_own_address_rings_although_somebody_is_subscribed() {
    let system = Sandbox::new().start_with(&["--email", "shop@example.com"]).await;
    let sns = system.sns().await;
    let topic = system.topic_arn("order-emails").await;
    let request = sns.subscribe().topic_arn(&topic).protocol("email");
    request.endpoint("other@example.com").send().await.unwrap();
    let subscriptions = sns
        .list_subscriptions_by_topic()
        .topic_arn(&topic)
        .send()
        .await
        .unwrap();
    let is_shop = |one: &&aws_sdk_sns::types::Subscription| one.endpoint() == Some("shop@example.com");
    let shop = subscriptions.subscriptions().iter().find(is_shop).unwrap();
    let arn = shop.subscription_arn().unwrap();
    sns.unsubscribe().subscription_arn(arn).send().await.unwrap();
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    pass_a_minute(&system).await;
    assert_eq!(
        rung(&system).await,
        BTreeSet::from(["ShopUnsubscribedAlarm".to_owned()])
    );
}

#[tokio::test]
async fn each_alarm_rings_by_its_fault() {
    let system = Sandbox::new().start_with(&[]).await;
    let mut expected: BTreeSet<String> = read(&system).await["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alarm| alarm["name"].as_str().unwrap().to_owned())
        // The other tests of this file let these ring.
        .filter(|name| !BY_LOAD.contains(&name.as_str()) && name != "PanicsAlarm")
        .filter(|name| !BY_OLD_ORDERS.contains(&name.as_str()) && name != "NothingConfirmedAlarm")
        .collect();
    let (sqs, sns) = (system.sqs().await, system.sns().await);

    // Nobody is subscribed to the emails.
    let emails = system.topic_arn("order-emails").await;
    let subscriptions = sns
        .list_subscriptions_by_topic()
        .topic_arn(emails)
        .send()
        .await
        .unwrap();
    for subscription in subscriptions.subscriptions() {
        let arn = subscription.subscription_arn().unwrap();
        sns.unsubscribe().subscription_arn(arn).send().await.unwrap();
    }
    let id = system.place(&sample("order.json")).await;
    system.wait_until_stored(&id).await;
    wait_for_a_retry(&system, "notifications").await;
    // The table is out.
    system.read_json_lines(&["faults", "outage", "table", "--json"]);
    system.place(&sample_of_new_customer("order.json")).await;
    wait_for_a_retry(&system, "orders").await;
    // Most of a batch cannot be read.
    let url = system.queue_url(&sqs, "orders").await;
    let entries = (0..10).map(|number| {
        let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
        entry.message_body("poison").build().unwrap()
    });
    let request = sqs
        .send_message_batch()
        .queue_url(url)
        .set_entries(Some(entries.collect()));
    request.send().await.unwrap();
    eventually("a batch is malformed", async || {
        (count_values(&system, "malformed_messages").await > 0).then_some(())
    })
    .await;
    // Messages that nobody can process, and messages that wait.
    for queue in [
        "orders",
        "notifications",
        "orders-retry",
        "notifications-retry",
        "notifications-delivery-dlq",
        "emails-delivery-dlq",
    ] {
        system.send(queue, "poison").await;
    }
    for queue in ["orders", "notifications", "orders-retry", "notifications-retry"] {
        let url = system.queue_url(&sqs, queue).await;
        let waits = sqs
            .send_message()
            .queue_url(url)
            .message_body("waits")
            .delay_seconds(900);
        waits.send().await.unwrap();
    }
    for _ in 0..9 {
        pass_a_minute(&system).await;
    }
    // The processes die.
    let plan = "seed: 1\nkills: [{functions: ['*'], chance: 1, after_milliseconds: [0, 0]}]";
    let request = client()
        .put(format!("{}/_local/faults", system.aws_endpoint_url))
        .body(plan);
    assert!(request.send().await.unwrap().status().is_success());
    for queue in ["orders", "notifications"] {
        system.send(queue, "poison").await;
    }
    let answer = client()
        .get(format!("{}/orders/{id}", system.api_url))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_server_error(), "{}", answer.status());
    for _ in 0..9 {
        pass_a_minute(&system).await;
        let rung = rung(&system).await;
        expected.retain(|name| !rung.contains(name));
        if expected.is_empty() {
            return;
        }
    }
    panic!("these alarms did not ring: {expected:?}");
}
