//! Idempotency keys whose orders are not stored yet: the first request claims the key.

use super::*;

fn other() -> Value {
    post(&json!({"/body": include_str!("../../../../events/order-minimal.json")}))
}

/// An API with an order of the sample event in its queue, whose request has ended.
async fn api_with_an_order() -> (OrderApi<Queue, Table, Claims>, ApiGatewayProxyResponse) {
    let api = api(Queue::default(), Table::default());
    let first = api.answer_to(post(&json!({}))).await;
    assert_eq!((first.status_code, api.queue.sent().len()), (202, 1));
    api.claims.end_doubts();
    (api, first)
}

fn replayed(response: &ApiGatewayProxyResponse) -> bool {
    response
        .headers
        .get("idempotent-replayed")
        .is_some_and(|value| value == "true")
}

#[tokio::test]
async fn a_key_of_another_order_is_refused_before_the_first_is_stored() {
    let (api, _) = api_with_an_order().await;
    let second = api.answer_to(other()).await;
    insta::assert_snapshot!(shown(&second), @r#"
    422
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "another order was sent with this Idempotency-Key; use a new key for a new order",
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 422,
      "title": "The idempotency key belongs to another order",
      "type": "urn:orders:problem:idempotency-key-reused"
    }
    "#);
    assert_eq!(api.queue.sent().len(), 1);
}

#[tokio::test]
async fn the_same_order_gets_the_same_answer_to_the_byte() {
    let (mut api, first) = api_with_an_order().await;
    api.now = || {
        "2026-11-23T09:45:00.000Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_offset_date_time()
    };
    let again = api.answer_to(post(&json!({}))).await;
    assert_eq!((again.status_code, body(&again)), (202, body(&first)));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert!(replayed(&again) && !replayed(&first));
    // It is sent again as it was, because nobody knows whether the first message reached the queue.
    let sent = api.queue.sent();
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
}

#[tokio::test]
async fn callers_of_one_tenant_share_a_key_in_both_ways_of_placing_and_others_do_not() {
    let mut api = api(Queue::default(), Table::default());
    api.settings.tenants = "api-key:k1=tenant:acme,api-key:k2=tenant:acme".parse().unwrap();
    let identity = "/requestContext/identity";
    let by = |api_key: &str| json!({ identity: {"apiKeyId": api_key} });
    let mut ids = Vec::new();
    for caller in ["k1", "k2", "k3"] {
        let answer = api.answer_to(post(&by(caller))).await;
        assert_eq!(answer.status_code, 202);
        ids.push(answer.headers["location"].clone());
        api.claims.end_doubts();
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    // Another order under the key.
    for (caller, status) in [("k2", 422), ("k4", 202)] {
        let mut entries = batch(&[("checkout-42", "c")]);
        entries["requestContext"]["identity"] = by(caller)[identity].clone();
        let batched = api.answer_to(entries).await;
        assert_eq!(results(&batched)[0]["status"], status, "{caller}");
    }
}

#[tokio::test]
async fn of_two_at_once_one_waits_for_the_other() {
    let (api, _) = api_with_an_order().await;
    let fresh = |event: &mut Value| event["headers"]["Idempotency-Key"] = json!("fresh");
    let mut first = post(&json!({"/multiValueHeaders": {}}));
    fresh(&mut first);
    assert_eq!(api.answer_to(first.clone()).await.status_code, 202);
    // The clock of this API stands still, so that the first request may still be under way.
    let second = api.answer_to(first).await;
    insta::assert_snapshot!(shown(&second), @r#"
    409
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "a request with this idempotency key may still be under way; send it again in a moment",
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 409,
      "title": "A request with this idempotency key is under way",
      "type": "urn:orders:problem:in-progress"
    }
    "#);
    assert_eq!(api.queue.sent().len(), 2);
}

#[tokio::test]
async fn a_claim_whose_order_was_not_enqueued_heals_on_the_next_request() {
    let mut api = api(Queue::failing(Fault::Error), Table::default());
    assert_eq!(api.answer_to(post(&json!({}))).await.status_code, 503);
    // Another order does not get the key meanwhile.
    assert_eq!(api.answer_to(other()).await.status_code, 422);
    api.queue = Queue::default();
    let again = api.answer_to(post(&json!({}))).await;
    assert_eq!((again.status_code, api.queue.sent().len()), (202, 1));
    // No earlier request was answered like that, and this one has ended the release.
    assert!(!replayed(&again));
    let id = api.queue.sent()[0].order_id;
    assert_eq!(
        api.answer_to(get(&json!({ "/path": format!("/orders/{id}") })))
            .await
            .status_code,
        202
    );
}

#[tokio::test]
async fn no_fault_of_the_claims_stops_an_order() {
    for fault in [Fault::Error, Fault::Hang] {
        let mut api = api(Queue::default(), Table::default());
        api.claims = Claims::failing(fault);
        for sent in 1..3 {
            let response = api.answer_to(post(&json!({}))).await;
            assert_eq!(
                (response.status_code, api.queue.sent().len()),
                (202, sent),
                "{fault:?}"
            );
        }
        api.queue = Queue::failing(Fault::Error);
        assert_eq!(api.answer_to(post(&json!({}))).await.status_code, 503);
    }
}

fn batch(entries: &[(&str, &str)]) -> Value {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(key, customer)| {
            let mut order: Value =
                serde_json::from_str(include_str!("../../../../events/order-minimal.json")).unwrap();
            order["customer"]["id"] = json!(customer);
            json!({"idempotency_key": key, "order": order})
        })
        .collect();
    let body = json!({ "entries": entries }).to_string();
    event(
        include_str!("../../../../events/order-api-batch.json"),
        &json!({ "/body": body }),
    )
}

fn results(response: &ApiGatewayProxyResponse) -> Vec<Value> {
    let document: Value = serde_json::from_str(body(response)).unwrap();
    document["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_entry_of_a_batch_has_its_own_claim() {
    let api = api(Queue::default(), Table::default());
    let first = results(&api.answer_to(batch(&[("k-1", "c"), ("k-2", "c")])).await);
    api.claims.end_doubts();
    let second = api
        .answer_to(batch(&[("k-1", "c"), ("k-2", "other"), ("k-3", "c")]))
        .await;
    let second = results(&second);
    let statuses: Vec<&Value> = second.iter().map(|result| &result["status"]).collect();
    assert_eq!(statuses, [202, 422, 202]);
    assert_eq!(second[0]["accepted"], first[0]["accepted"]);
    assert_eq!(
        (
            &second[0]["idempotent_replayed"],
            &second[2]["idempotent_replayed"]
        ),
        (&json!(true), &Value::Null)
    );
    // k-3 may be under way.
    let third = api.answer_to(batch(&[("k-3", "c"), ("k-1", "c")])).await;
    assert_eq!(third.headers["retry-after"], "1");
    let third = results(&third);
    assert_eq!(
        (&third[0]["status"], &third[1]["status"]),
        (&json!(409), &json!(202))
    );
    assert_eq!(third[0]["problem"]["type"], "urn:orders:problem:in-progress");
}

#[tokio::test]
async fn the_entries_that_the_queue_refuses_are_released() {
    let mut api = api(Queue::refusing(vec![1]), Table::default());
    let entries = batch(&[("k-1", "c"), ("k-2", "c")]);
    let first = results(&api.answer_to(entries.clone()).await);
    assert_eq!(
        (&first[0]["status"], &first[1]["status"]),
        (&json!(202), &json!(503))
    );
    api.queue = Queue::default();
    let second = results(&api.answer_to(entries).await);
    // k-1 may be under way, as far as its claim says. k-2 is not.
    assert_eq!(
        (&second[0]["status"], &second[1]["status"]),
        (&json!(409), &json!(202))
    );
    assert_eq!(api.queue.sent().len(), 1);
}
