//! An invalid request gets an answer with the reason, and never reaches the queue.

use reqwest::Method;
use serde_json::{Value, json};

use crate::system::{Sandbox, sample, sample_of_new_customer};

/// Method, path, media type, body, and the expected status.
type Case<'a> = (Method, &'a str, Option<&'a str>, &'a [u8], u16);

#[tokio::test]
async fn a_rejected_request_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let order = sample_of_new_customer("order-minimal.json");
    let valid = order.to_string();
    let dead_letters = async || system.count_messages("orders-dlq").await;
    let dead_before = dead_letters().await;
    let json_type = Some("application/json");
    let large = json!({"note": "x".repeat(65 * 1024)}).to_string();
    // As a client writes it that sends ISO 8859-1: the byte is no UTF-8.
    let mut latin_1 = order.clone();
    latin_1["customer"]["name"] = json!("M~ller");
    let latin_1: Vec<u8> = latin_1
        .to_string()
        .bytes()
        .map(|byte| if byte == b'~' { 0xfc } else { byte })
        .collect();
    let cases: [Case<'_>; 17] = [
        (Method::POST, "/orders", json_type, b"", 400),
        (Method::POST, "/orders", json_type, b"{", 400),
        (Method::POST, "/orders", json_type, b"{\"a\":1,\"a\":1}", 400),
        (Method::POST, "/orders", json_type, b"{\"note\":\xff}", 400),
        (Method::POST, "/orders", json_type, &latin_1, 400),
        (Method::POST, "/orders", json_type, b"\xef\xbb\xbf{}", 400),
        (Method::POST, "/orders", json_type, b"[]", 422),
        (Method::POST, "/orders", json_type, b"{}", 422),
        (Method::POST, "/orders", json_type, large.as_bytes(), 413),
        (Method::POST, "/orders", Some("text/plain"), valid.as_bytes(), 415),
        (Method::PUT, "/orders", json_type, valid.as_bytes(), 405),
        (
            Method::DELETE,
            "/orders/0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            None,
            b"",
            405,
        ),
        (Method::POST, "/", json_type, valid.as_bytes(), 405),
        (Method::POST, "/order", json_type, valid.as_bytes(), 404),
        (Method::GET, "/orders/1", None, b"", 404),
        (
            Method::GET,
            "/orders/0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
            None,
            b"",
            404,
        ),
        (
            Method::GET,
            "/orders/0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b/items",
            None,
            b"",
            404,
        ),
    ];
    for (method, path, media_type, body, expected) in cases {
        let answer = system
            .request(|http, url| {
                let request = http
                    .request(method.clone(), format!("{url}{path}"))
                    .body(body.to_vec());
                media_type.into_iter().fold(request, |request, media_type| {
                    request.header("content-type", media_type)
                })
            })
            .await;
        let case = format!("{method} {path} {:.40}", String::from_utf8_lossy(body));
        assert_eq!(answer.status, expected, "{case}: {}", answer.body);
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{case}"
        );
        assert_eq!(answer.body["status"], expected, "{case}");
        assert!(
            answer.body["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{case}"
        );
        assert_eq!(answer.headers.contains_key("allow"), expected == 405, "{case}");
    }
    for key in ["", "a b", &"k".repeat(256)] {
        let answer = system
            .request(|http, url| {
                let request = http.post(format!("{url}/orders")).header("Idempotency-Key", key);
                request
                    .header("content-type", "application/json")
                    .body(valid.clone())
            })
            .await;
        assert_eq!(answer.status, 400, "{key:?}: {}", answer.body);
    }
    // A message on the queue would be a row or a dead letter by the time that the queue is empty.
    system.wait_until_empty("orders").await;
    assert_eq!(dead_letters().await, dead_before);
    assert_eq!(system.count_rows_of_customer(&order).await, 0);
}

#[tokio::test]
async fn every_violation_is_reported_at_once_with_its_pointer() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let mut order = sample("order.json");
    order["items"][0]["quantity"] = json!(0);
    order["items"][1]["unit_price"] = json!(9.9);
    order["coupon"] = json!("X");
    let answer = system.post(&order).await;
    assert_eq!(answer.status, 422);
    let errors = answer.body["errors"].as_array().unwrap();
    let pointers: Vec<&Value> = errors.iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/items/0/quantity", "/items/1/unit_price", "/coupon"]);
}
