//! Idempotency keys of orders that are not stored yet, and the outage of the table of claims.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Answer, Sandbox, System, eventually, sample_of_new_customer};

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Begins an outage: these operations of DynamoDB fail for these functions.
async fn begin_outage(system: &System, operations: &str, function: &str) {
    let url = format!("{}/_local/faults/outages/test", system.aws_endpoint_url);
    let outage = json!({"operations": [operations], "functions": [function]});
    let answer = client()
        .put(url)
        .header("content-type", "application/json")
        .body(outage.to_string())
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

async fn end_outage(system: &System) {
    let url = format!("{}/_local/faults/outages/test", system.aws_endpoint_url);
    assert!(client().delete(url).send().await.unwrap().status().is_success());
}

/// The answer about an order, as soon as the tables answer in time.
async fn read_decided(system: &System, id: &str) -> Answer {
    eventually("the order can be read", async || {
        let read = system
            .request(|http, url| http.get(format!("{url}/orders/{id}")))
            .await;
        (read.status != 503).then_some(read)
    })
    .await
}

/// An order, and another one that differs in its note.
fn two_orders() -> (Value, Value) {
    let order = sample_of_new_customer("order.json");
    let mut other = order.clone();
    other["note"] = json!("another note");
    (order, other)
}

#[tokio::test]
async fn a_key_is_decided_long_before_its_order_is_stored() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    begin_outage(&system, "dynamodb:*", "order-worker").await;
    let (order, other) = two_orders();
    let key = Uuid::new_v4().to_string();
    let first = system.post_with_key(&order, &key).await;
    assert_eq!(first.status, 202, "{}", first.body);
    // When a call about the key takes too long, order-worker decides, and dead-letters the other order as a conflict.
    let reused = eventually("the key is refused for another order", async || {
        let answer = system.post_with_key(&other, &key).await;
        (answer.status != 202).then_some(answer)
    })
    .await;
    assert_eq!(reused.status, 422, "{}", reused.body);
    assert_eq!(reused.body["type"], "urn:orders:problem:idempotency-key-reused");
    // A claim that took too long is missing, and the next request claims the key.
    let mut previous = first.body.clone();
    eventually("the same order gets the same answer", async || {
        let again = system.post_with_key_until_decided(&order, &key).await;
        assert_eq!(again.status, 202, "{}", again.body);
        let is_same = again.body == previous && again.headers.contains_key("idempotent-replayed");
        previous = again.body;
        is_same.then_some(())
    })
    .await;
    let id = first.body["order_id"].as_str().unwrap();
    let read = read_decided(&system, id).await;
    assert_eq!(
        (read.status, &read.body["status"]),
        (202, &json!("accepted")),
        "{}",
        read.body
    );
    assert_eq!(read.body["accepted_at"], previous["accepted_at"]);
    end_outage(&system).await;
    system.wait_until_notified(id).await;
    assert_eq!(system.count_rows_of_customer(&order).await, 1);
}

#[tokio::test]
async fn an_order_that_the_queue_refused_is_not_accepted_until_it_is_sent_again() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let (order, other) = two_orders();
    let key = Uuid::new_v4().to_string();
    begin_outage(&system, "sqs:*", "order-api").await;
    // Several times, because a write to the claims that takes too long is given up.
    eventually("the key is claimed and released", async || {
        let sent = system.post_with_key(&order, &key).await;
        let other_order = system.post_with_key(&other, &key).await;
        (sent.status == 503 && other_order.status == 422).then_some(())
    })
    .await;
    end_outage(&system).await;
    begin_outage(&system, "dynamodb:*", "order-worker").await;
    let sent = system.post_with_key_until_decided(&order, &key).await;
    assert_eq!(sent.status, 202, "{}", sent.body);
    let id = sent.body["order_id"].as_str().unwrap();
    eventually("the order is accepted", async || {
        system.post_with_key_until_decided(&order, &key).await;
        let read = read_decided(&system, id).await;
        (read.status == 202).then_some(())
    })
    .await;
    end_outage(&system).await;
    system.wait_until_notified(id).await;
    assert_eq!(system.count_rows_of_customer(&order).await, 1);
}

#[tokio::test]
async fn a_system_can_ask_for_keys() {
    let sandbox = Sandbox::new();
    let parameter = "RequireIdempotencyKey=ENABLED";
    let system = sandbox.start_with(&["--parameter", parameter]).await;
    let (order, _) = two_orders();
    let refused = system.post(&order).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
    assert_eq!(
        refused.body["type"],
        "urn:orders:problem:idempotency-key-required"
    );
    let accepted = system.post_with_key(&order, &Uuid::new_v4().to_string()).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
}

#[tokio::test]
async fn without_the_claims_orders_are_accepted_and_stored_once() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    begin_outage(&system, "dynamodb:BatchExecuteStatement", "order-api").await;
    let (order, _) = two_orders();
    let key = Uuid::new_v4().to_string();
    for _ in 0..3 {
        let answer = system.post_with_key(&order, &key).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    }
    let answer = system.post_with_key(&order, &key).await;
    let id = answer.body["order_id"].as_str().unwrap();
    system.wait_until_notified(id).await;
    end_outage(&system).await;
    assert_eq!(system.post_with_key_until_decided(&order, &key).await.status, 202);
    system.wait_until_empty("orders").await;
    assert_eq!(system.count_rows_of_customer(&order).await, 1);
}
