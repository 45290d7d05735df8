//! Accepted orders, and faults of the queue and the table.

use order_core::{Order, OrderMessage};
use order_table::OrderRow;

use super::*;

/// The order of the sample event, as stored under the event's key.
async fn stored() -> OrderRow {
    let api = api(Queue::default(), Table::default());
    api.answer_to(post(&json!({}))).await;
    let message: OrderMessage = api.queue.sent().remove(0);
    let message = OrderMessage {
        accepted_at: "2026-11-23T08:00:00.000Z".parse().unwrap(),
        ..message
    };
    OrderRow::confirmed(message, "2026-11-23T08:00:01.000Z".parse().unwrap())
}

#[tokio::test]
async fn an_order_is_enqueued_by_one_call() {
    let api = api(Queue::default(), Table::default());
    let response = api.answer_to(post(&without_key())).await;
    insta::assert_snapshot!(shown(&response), @r#"
    202
    api-version: 1
    cache-control: no-store
    content-type: application/json
    location: /dev/orders/01a207bd-a9c0-7eeb-be96-e59ce40f9cb1
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "accepted_at": "2026-11-23T09:30:00.250Z",
      "currency": "EUR",
      "order_id": "01a207bd-a9c0-7eeb-be96-e59ce40f9cb1",
      "status": "accepted",
      "total": "64.60"
    }
    "#);
    let sent = api.queue.sent();
    let sample = serde_json::from_str(include_str!("../../../../events/order.json")).unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        (sent[0].order_id.to_string().as_str(), &sent[0].order),
        (NEW_ID, &Order::restore(&sample).unwrap())
    );
    assert_eq!((api.table.reads(), api.claims.calls()), (0, 0));
}

#[tokio::test]
async fn the_trace_of_the_request_goes_with_each_of_its_orders() {
    let api = api(Queue::default(), Table::default());
    let with_trace = |mut event: Value| {
        event["multiValueHeaders"]["traceparent"] =
            json!(["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]);
        event
    };
    api.answer_to(with_trace(post(&json!({})))).await;
    api.answer_to(with_trace(event(
        include_str!("../../../../events/order-api-batch.json"),
        &json!({}),
    )))
    .await;
    let traces = api.queue.traces();
    assert_eq!(traces.len(), api.queue.sent().len());
    assert!(traces.len() > 2, "{traces:?}");
    for trace in traces {
        assert_eq!(
            trace.unwrap().to_xray(),
            "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1"
        );
    }
}

#[tokio::test]
async fn a_key_decides_the_id() {
    let api = api(Queue::default(), Table::default());
    let first = api.answer_to(post(&json!({}))).await;
    api.claims.end_doubts();
    let quoted_or_bare = json!({"/headers": {"content-type": "application/json", "IDEMPOTENCY-KEY": "checkout-42"}, "/multiValueHeaders": {}});
    let second = api.answer_to(post(&quoted_or_bare)).await;
    assert_eq!(body(&first), body(&second));
    let sent = api.queue.sent();
    assert_eq!(
        sent.len(),
        2,
        "nothing is stored yet, so order-worker must see both"
    );
    assert_eq!(sent[0], sent[1]);
    assert_ne!(sent[0].order_id.to_string(), NEW_ID);
}

#[tokio::test]
async fn a_stored_order_is_accepted_again_as_it_was() {
    let api = api(Queue::default(), Table::holding([stored().await]));
    let response = api.answer_to(post(&json!({}))).await;
    assert_eq!(response.status_code, 202);
    assert!(
        body(&response).contains("2026-11-23T08:00:00.000Z"),
        "{}",
        body(&response)
    );
    assert_eq!(api.queue.sent(), []);
}

#[tokio::test]
async fn a_key_of_another_order_is_refused() {
    let api = api(Queue::default(), Table::holding([stored().await]));
    let other = include_str!("../../../../events/order-minimal.json");
    let response = api.answer_to(post(&json!({"/body": other}))).await;
    insta::assert_snapshot!(shown(&response), @r#"
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
    assert_eq!(api.queue.sent(), []);
}

#[tokio::test]
async fn the_key_of_an_erased_order_is_refused_with_any_order() {
    let order_id = stored().await.order_id.to_string();
    for body in [
        include_str!("../../../../events/order.json"),
        include_str!("../../../../events/order-minimal.json"),
    ] {
        let api = api(Queue::default(), erased(&order_id));
        let response = api.answer_to(post(&json!({"/body": body}))).await;
        let problem: Value = serde_json::from_str(super::body(&response)).unwrap();
        assert_eq!(response.status_code, 410);
        assert_eq!(problem["type"], "urn:orders:problem:order-erased");
        assert_eq!((api.queue.sent(), api.claims.calls()), (Vec::new(), 0));
    }
}

#[tokio::test]
async fn where_keys_are_required_only_an_order_without_one_is_refused() {
    let mut api = api(Queue::default(), Table::default());
    api.settings.key_rule = crate::KeyRule::Required;
    let refused = api.answer_to(post(&without_key())).await;
    insta::assert_snapshot!(shown(&refused), @r#"
    400
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "Idempotency-Key: must be sent here; send a new key with each new order",
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 400,
      "title": "The order needs an idempotency key",
      "type": "urn:orders:problem:idempotency-key-required"
    }
    "#);
    assert_eq!(api.queue.sent(), []);
    assert_eq!(api.answer_to(post(&json!({}))).await.status_code, 202);
    // Each entry of a batch has a key.
    let batch = event(
        include_str!("../../../../events/order-api-batch.json"),
        &json!({}),
    );
    assert_eq!(api.answer_to(batch).await.status_code, 207);
}

#[tokio::test]
async fn no_fault_of_the_table_stops_an_order() {
    for fault in [Fault::Error, Fault::Hang] {
        let api = api(Queue::default(), Table::failing(fault));
        let response = api.answer_to(post(&json!({}))).await;
        assert_eq!(
            (response.status_code, api.queue.sent().len()),
            (202, 1),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_queue_that_refuses_is_never_a_202() {
    let api = api(Queue::failing(Fault::Error), Table::default());
    let response = api.answer_to(post(&without_key())).await;
    insta::assert_snapshot!(shown(&response), @r#"
    503
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "the order may or may not be accepted; with an Idempotency-Key it can safely be sent again",
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 503,
      "title": "The service cannot answer right now",
      "type": "urn:orders:problem:unavailable"
    }
    "#);
}

#[tokio::test]
async fn a_queue_that_never_answers_is_a_503_before_the_functions_time_is_over() {
    let api = api(Queue::failing(Fault::Hang), Table::default());
    let response = api
        .handle(&post(&without_key()).to_string(), Duration::from_millis(10))
        .await;
    insta::assert_snapshot!(shown(&response), @r#"
    503
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "there was no answer in time; an order may or may not be accepted, and can safely be sent again under its idempotency key",
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 503,
      "title": "The service cannot answer right now",
      "type": "urn:orders:problem:unavailable"
    }
    "#);
}

#[tokio::test]
async fn a_panic_is_a_500() {
    let api = api(Queue::failing(Fault::Panic), Table::default());
    let response = api.answer_to(post(&without_key())).await;
    insta::assert_snapshot!(shown(&response), @r#"
    500
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "Something failed on our side. Quote request_id 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9 when you contact support.",
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 500,
      "title": "Something went wrong on our side",
      "type": "urn:orders:problem:internal"
    }
    "#);
}

#[tokio::test]
async fn bodies_come_plain_or_as_base64() {
    use base64::Engine as _;
    let api = api(Queue::default(), Table::default());
    for sample in [
        include_str!("../../../../events/order.json"),
        include_str!("../../../../events/order-minimal.json"),
        include_str!("../../../../events/order-jpy.json"),
    ] {
        let encoded = base64::engine::general_purpose::STANDARD.encode(sample);
        for (body, is_encoded) in [(sample, false), (encoded.as_str(), true)] {
            let mut changes = without_key();
            changes["/body"] = json!(body);
            changes["/isBase64Encoded"] = json!(is_encoded);
            assert_eq!(api.answer_to(post(&changes)).await.status_code, 202, "{sample}");
        }
    }
    assert_eq!(api.queue.sent().len(), 6);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let api = api(Queue::default(), Table::default());
    let order = include_str!("../../../../events/order.json");
    let padded = format!(
        "{order}{}",
        " ".repeat(order_core::order::MAX_BODY_BYTES - order.len())
    );
    assert_eq!(padded.len(), order_core::order::MAX_BODY_BYTES);
    assert_eq!(
        api.answer_to(post(&json!({"/body": padded}))).await.status_code,
        202
    );
}
