//! Batch requests: many orders in one request.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Answer, Sandbox, System, eventually, sample_of_new_customer};

async fn post_batch(system: &System, entries: &[Value]) -> Answer {
    let body = json!({ "entries": entries });
    system
        .request(|http, url| http.post(format!("{url}/orders/batch")).json(&body))
        .await
}

fn statuses(answer: &Answer) -> Vec<u64> {
    assert_eq!(answer.status, 207, "{}", answer.body);
    let results = answer.body["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_batch_request_sent_twice_makes_each_valid_order_once() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order-minimal.json");
    let mut other = order.clone();
    other["note"] = json!("another order");
    let run = Uuid::new_v4();
    let entry =
        |key: usize, order: &Value| json!({"idempotency_key": format!("{run}-{key}"), "order": order});
    // More than two calls to the queue with ten messages each, and invalid entries among them.
    let mut entries: Vec<Value> = (0..24).map(|key| entry(key, &order)).collect();
    entries.insert(3, json!({"idempotency_key": "k", "order": 42}));
    entries.insert(12, json!({"order": order}));
    entries.push(json!("no entry"));
    // A key that is used again, with the same order and with another one.
    entries.push(entry(0, &order));
    entries.push(entry(1, &other));

    let first = post_batch(&system, &entries).await;
    let expected: Vec<u64> = (0..29)
        .map(|index| {
            if [3, 12, 26, 28].contains(&index) {
                422
            } else {
                202
            }
        })
        .collect();
    assert_eq!(statuses(&first), expected, "{:#}", first.body);
    let results = first.body["results"].as_array().unwrap();
    assert_eq!(results[0], results[27]);
    assert_eq!(
        results[28]["problem"]["type"],
        "urn:orders:problem:idempotency-key-reused"
    );
    assert_eq!(results[3]["problem"]["errors"][0]["pointer"], "/entries/3/order");
    for result in results.iter().filter(|result| result["status"] == 202) {
        let id = result["accepted"]["order_id"].as_str().unwrap();
        assert_eq!(result["location"], format!("{}/orders/{id}", system.stage_path()));
        system.wait_until_stored(id).await;
    }

    // When the lookup of the keys takes too long, the claims decide: they may be in doubt, and have the same time.
    eventually("the second answer has the receipts of the first", async || {
        let again = post_batch(&system, &entries).await;
        let again = again.body["results"].as_array().unwrap().clone();
        let is_same = results.iter().zip(&again).all(|(first, again)| {
            (&first["status"], &first["accepted"]) == (&again["status"], &again["accepted"])
        });
        (is_same && again[0]["idempotent_replayed"] == true).then_some(())
    })
    .await;
    // A single request with one of the keys gets the same order.
    eventually(
        "the single request and the batch request get the same receipt",
        async || {
            let alone = system
                .request(|http, url| {
                    http.post(format!("{url}/orders"))
                        .header("Idempotency-Key", format!("{run}-5"))
                        .json(&order)
                })
                .await;
            assert!([202, 409].contains(&alone.status), "{}", alone.body);
            (alone.body == results[6]["accepted"]).then_some(())
        },
    )
    .await;
    system.wait_until_empty("orders").await;
    assert_eq!(system.count_rows_of_customer(&order).await, 24);
}

#[tokio::test]
async fn the_largest_batch_request_is_accepted() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let mut order = sample_of_new_customer("order-minimal.json");
    // Each order has nearly 10 KB, so that the limit of bytes ends a call to the queue, and not the number of messages.
    let item = json!({"sku": "S".repeat(64), "name": "n".repeat(200), "quantity": 1, "unit_price": "0.01"});
    order["items"] = json!(vec![item; 30]);
    let run = Uuid::new_v4();
    let entries: Vec<Value> = (0..100)
        .map(|key| json!({"idempotency_key": format!("{run}-{key}"), "order": order}))
        .collect();
    let answer = post_batch(&system, &entries).await;
    assert_eq!(statuses(&answer), [202; 100]);
    for result in answer.body["results"].as_array().unwrap() {
        system
            .wait_until_stored(result["accepted"]["order_id"].as_str().unwrap())
            .await;
    }
    assert_eq!(system.count_rows_of_customer(&order).await, 100);
}

#[tokio::test]
async fn an_invalid_batch_request_is_rejected_whole() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order-minimal.json");
    let entry = json!({"idempotency_key": Uuid::new_v4(), "order": order});
    let valid = json!({"entries": [entry]}).to_string();
    let too_large = format!("{valid}{}", " ".repeat(1024 * 1024));
    let cases: [(&str, Option<&str>, u16); 6] = [
        (&valid, Some("k"), 400),
        ("{", None, 400),
        ("{\"entries\":[],\"entries\":[]}", None, 400),
        ("{\"entries\":[]}", None, 422),
        ("[]", None, 422),
        (&too_large, None, 413),
    ];
    for (body, key, status) in cases {
        let answer = system
            .request(|http, url| {
                let request = http
                    .post(format!("{url}/orders/batch"))
                    .header("content-type", "application/json")
                    .body(body.to_owned());
                key.into_iter()
                    .fold(request, |request, key| request.header("Idempotency-Key", key))
            })
            .await;
        assert_eq!(answer.status, status, "{body:.60}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let got = system
        .request(|http, url| http.get(format!("{url}/orders/batch")))
        .await;
    assert_eq!(
        (got.status, &got.headers["allow"]),
        (405, &"POST, OPTIONS".parse().unwrap())
    );
    assert_eq!(system.count_rows_of_customer(&order).await, 0);
}
