//! Batch requests: each item is answered as a request of its own would be.

use order_core::batch as batch_request;
use order_table::OrderRow;

use super::*;

fn order(customer: &str) -> Value {
    json!({"customer": {"id": customer}, "currency": "EUR", "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]})
}

fn entry(key: &str, order: &Value) -> Value {
    json!({"idempotency_key": key, "order": order})
}

fn batch(entries: &[Value]) -> Value {
    batch_of(&json!({ "entries": entries }).to_string())
}

fn batch_of(body: &str) -> Value {
    let mut changes = without_key();
    changes["/path"] = json!("/orders/batch");
    changes["/requestContext/path"] = json!("/dev/orders/batch");
    changes["/body"] = json!(body);
    post(&changes)
}

fn results(response: &ApiGatewayProxyResponse) -> Vec<Value> {
    assert_eq!(response.status_code, 207, "{}", body(response));
    let document: Value = serde_json::from_str(body(response)).unwrap();
    document["results"].as_array().unwrap().clone()
}

fn statuses(response: &ApiGatewayProxyResponse) -> Vec<u64> {
    results(response)
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

/// The orders of these entries, as stored.
async fn stored(entries: &[Value]) -> Table {
    let api = api(Queue::default(), Table::default());
    api.answer_to(batch(entries)).await;
    let confirmed_at = "2026-11-23T09:30:01.000Z".parse().unwrap();
    let rows = api.queue.sent().into_iter();
    Table::holding(rows.map(|message| OrderRow::confirmed(message, confirmed_at)))
}

#[tokio::test]
async fn each_item_is_answered_on_its_own() {
    let api = api(Queue::default(), Table::default());
    let mut invalid = order("c-2");
    invalid["note"] = json!(7);
    let response = api
        .answer_to(batch(&[
            entry("k-1", &order("c-1")),
            entry("k-2", &invalid),
            json!({"order": order("c-3")}),
        ]))
        .await;
    insta::assert_snapshot!(shown(&response), @r#"
    207
    api-version: 1
    cache-control: no-store
    content-type: application/json
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "results": [
        {
          "accepted": {
            "accepted_at": "2026-11-23T09:30:00.250Z",
            "currency": "EUR",
            "order_id": "28687a5c-d586-5c0b-ab5b-9f49e24fdfc7",
            "status": "accepted",
            "total": "1.00"
          },
          "idempotency_key": "k-1",
          "location": "/dev/orders/28687a5c-d586-5c0b-ab5b-9f49e24fdfc7",
          "status": 202
        },
        {
          "idempotency_key": "k-2",
          "problem": {
            "detail": "1 violation; see errors",
            "errors": [
              {
                "detail": "must be a string",
                "pointer": "/entries/1/order/note"
              }
            ],
            "status": 422,
            "title": "The content is not valid",
            "type": "urn:orders:problem:invalid"
          },
          "status": 422
        },
        {
          "problem": {
            "detail": "1 violation; see errors",
            "errors": [
              {
                "detail": "is required",
                "pointer": "/entries/2/idempotency_key"
              }
            ],
            "status": 422,
            "title": "The content is not valid",
            "type": "urn:orders:problem:invalid"
          },
          "status": 422
        }
      ]
    }
    "#);
    assert_eq!(api.queue.sent().len(), 1);
    assert_eq!(api.table.reads(), 1);
}

#[tokio::test]
async fn the_sample_is_answered_item_by_item() {
    let api = api(Queue::default(), Table::default());
    let sample = include_str!("../../../../events/order-api-batch.json");
    let response = api.answer_to(event(sample, &json!({}))).await;
    assert_eq!(statuses(&response), [202, 202, 422]);
}

#[tokio::test]
async fn a_key_names_the_same_order_in_a_batch_and_alone() {
    let api = api(Queue::default(), Table::default());
    let sample: Value = serde_json::from_str(include_str!("../../../../events/order.json")).unwrap();
    let alone = api.answer_to(post(&json!({}))).await;
    let event = {
        let mut event = post(
            &json!({"/path": "/orders/batch", "/body": json!({"entries": [entry("checkout-42", &sample)]}).to_string()}),
        );
        event["multiValueHeaders"] = json!({"Content-Type": ["application/json"]});
        event["headers"] = json!({"Content-Type": "application/json"});
        event
    };
    api.claims.end_doubts();
    let many = api.answer_to(event).await;
    let alone: Value = serde_json::from_str(body(&alone)).unwrap();
    assert_eq!(results(&many)[0]["accepted"], alone);
    assert_eq!(api.queue.sent()[0], api.queue.sent()[1]);
}

#[tokio::test]
async fn one_key_twice_in_a_request_is_one_order() {
    let api = api(Queue::default(), Table::default());
    let response = api
        .answer_to(batch(&[
            entry("k-1", &order("c-1")),
            entry("\"k-1\"", &order("c-1")),
            entry("k-1", &order("c-2")),
            entry("k-2", &order("c-2")),
        ]))
        .await;
    assert_eq!(statuses(&response), [202, 202, 422, 202]);
    let results = results(&response);
    assert_eq!(results[0], results[1]);
    assert_eq!(
        results[2]["problem"]["type"],
        "urn:orders:problem:idempotency-key-reused"
    );
    assert_eq!(api.queue.sent().len(), 2);
}

#[tokio::test]
async fn the_key_of_an_erased_order_is_refused_alone() {
    let entries = [entry("k-1", &order("c-1"))];
    let before = api(Queue::default(), Table::default());
    before.answer_to(batch(&entries)).await;
    let erased = erased(&before.queue.sent()[0].order_id.to_string());
    let api = api(Queue::default(), erased);
    let [first] = entries;
    let response = api.answer_to(batch(&[first, entry("k-2", &order("c-1"))])).await;
    assert_eq!(statuses(&response), [410, 202]);
    assert_eq!(
        results(&response)[0]["problem"]["type"],
        "urn:orders:problem:order-erased"
    );
    assert_eq!(api.queue.sent().len(), 1);
}

#[tokio::test]
async fn an_invalid_item_does_not_use_its_key() {
    let api = api(Queue::default(), Table::default());
    let response = api
        .answer_to(batch(&[entry("k-1", &json!({})), entry("k-1", &order("c-1"))]))
        .await;
    assert_eq!(statuses(&response), [422, 202]);
}

#[tokio::test]
async fn stored_orders_are_not_enqueued_again() {
    let entries = [entry("k-1", &order("c-1")), entry("k-2", &order("c-2"))];
    let api = api(Queue::default(), stored(&entries).await);
    let response = api
        .answer_to(batch(&[
            // The stored order decides, not the first item of the request.
            entry("k-1", &order("other")),
            entries[0].clone(),
            entries[1].clone(),
            entry("k-3", &order("c-3")),
        ]))
        .await;
    assert_eq!(statuses(&response), [422, 202, 202, 202]);
    assert_eq!(api.queue.sent().len(), 1);
    assert_eq!(api.table.reads(), 1);
}

#[tokio::test]
async fn no_fault_of_the_table_stops_an_order() {
    for fault in [Fault::Error, Fault::Hang] {
        let api = api(Queue::default(), Table::failing(fault));
        let response = api.answer_to(batch(&[entry("k-1", &order("c-1"))])).await;
        assert_eq!(
            (statuses(&response), api.queue.sent().len()),
            (vec![202], 1),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn an_order_that_the_queue_refuses_can_be_sent_again() {
    let api = api(Queue::refusing(vec![1]), Table::default());
    let response = api
        .answer_to(batch(&[
            entry("k-1", &order("c-1")),
            entry("k-2", &order("c-2")),
            entry("k-2", &order("c-2")),
            entry("k-3", &order("c-3")),
        ]))
        .await;
    assert_eq!(statuses(&response), [202, 503, 503, 202]);
    assert_eq!(response.headers["retry-after"], "1");
    insta::assert_snapshot!(format!("{:#}", results(&response)[1]), @r#"
    {
      "idempotency_key": "k-2",
      "problem": {
        "detail": "the order may or may not be accepted; the entry can safely be sent again",
        "status": 503,
        "title": "The service cannot answer right now",
        "type": "urn:orders:problem:unavailable"
      },
      "status": 503
    }
    "#);
}

#[tokio::test]
async fn a_queue_that_is_away_fails_every_item_and_leaks_nothing() {
    let api = api(Queue::failing(Fault::Error), Table::default());
    let response = api
        .answer_to(batch(&[entry("k-1", &order("c-1")), entry("k-2", &order("c-2"))]))
        .await;
    assert_eq!(statuses(&response), [503, 503]);
    assert!(!body(&response).contains("secret"), "{}", body(&response));
}

#[tokio::test]
async fn a_request_that_fails_as_a_whole_sends_nothing() {
    let api = api(Queue::default(), Table::default());
    let too_many = vec![entry("k", &order("c")); batch_request::MAX_BATCH_ITEMS + 1];
    let valid = json!({"entries": [entry("k", &order("c"))]}).to_string();
    let too_large = format!(
        "{valid}{}",
        " ".repeat(batch_request::MAX_BODY_BYTES - valid.len() + 1)
    );
    let with_key = {
        let mut event = batch_of(&valid);
        event["headers"]["Idempotency-Key"] = json!("k");
        event
    };
    for (event, status) in [
        (batch_of("{"), 400),
        (batch_of(""), 400),
        (batch_of("{\"entries\":[],\"entries\":[]}"), 400),
        (batch_of("[]"), 422),
        (batch(&[]), 422),
        (batch(&too_many), 422),
        (batch_of(&too_large), 413),
        (with_key, 400),
    ] {
        let response = api.answer_to(event).await;
        assert_eq!(response.status_code, status, "{}", body(&response));
        assert_eq!(response.headers["content-type"], "application/problem+json");
    }
    assert_eq!((api.queue.sent(), api.table.reads()), (vec![], 0));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read() {
    let api = api(Queue::default(), Table::default());
    let valid = json!({"entries": [entry("k", &order("c"))]}).to_string();
    let padded = format!(
        "{valid}{}",
        " ".repeat(batch_request::MAX_BODY_BYTES - valid.len())
    );
    assert_eq!(statuses(&api.answer_to(batch_of(&padded)).await), [202]);
}

/// Lambda refuses an answer over 6 MB, and the client would read a 502.
#[tokio::test]
async fn lambda_accepts_the_longest_answer() {
    let api = api(Queue::default(), Table::default());
    // In each item as many unknown fields as an answer lists, with names as long as the body allows.
    let fields: Vec<String> = (0..100)
        .map(|index| format!("\"{index}{}\":0", "\\u0001".repeat(14)))
        .collect();
    let wrong = format!("{{\"idempotency_key\":\"k\",\"order\":{{{}}}}}", fields.join(","));
    let request = format!(
        "{{\"entries\":[{}]}}",
        vec![wrong; batch_request::MAX_BATCH_ITEMS].join(",")
    );
    assert!(
        (900_000..=batch_request::MAX_BODY_BYTES).contains(&request.len()),
        "{}",
        request.len()
    );
    let response = api.answer_to(batch_of(&request)).await;
    assert_eq!(statuses(&response), [422; batch_request::MAX_BATCH_ITEMS]);
    let length = serde_json::to_string(&response).unwrap().len();
    assert!(length < 6 * 1024 * 1024 * 3 / 4, "{length}");
}
