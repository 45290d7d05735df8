//! Error responses: their status, and that nothing reached the queue.

use super::*;

/// Sends the sample order with `changes` and expects `status` and nothing enqueued.
async fn refused(changes: Value, status: i64) -> ApiGatewayProxyResponse {
    let api = api(Queue::default(), Table::default());
    let response = api.answer_to(post(&changes)).await;
    assert_eq!(response.status_code, status, "{changes:.200}");
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(
        response.headers["x-request-id"],
        "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9"
    );
    assert_eq!(api.queue.sent(), []);
    assert_eq!(api.table.reads(), 0);
    response
}

#[tokio::test]
async fn invalid_bodies() {
    let large = "x".repeat(order_core::order::MAX_BODY_BYTES + 1);
    let large_encoded = "eHh4".repeat(order_core::order::MAX_BODY_BYTES / 3 + 1);
    let cases = [
        (json!({"/body": null}), 400),
        (json!({"/body": ""}), 400),
        (json!({"/body": "{"}), 400),
        (
            json!({"/body": "{\"currency\":\"EUR\",\"currency\":\"EUR\"}"}),
            400,
        ),
        (json!({"/body": "not base64!", "/isBase64Encoded": true}), 400),
        (json!({"/body": "/w==", "/isBase64Encoded": true}), 400),
        (json!({"/body": large}), 413),
        (json!({"/body": large_encoded, "/isBase64Encoded": true}), 413),
        (json!({"/body": "{}"}), 422),
        (json!({"/body": "[]"}), 422),
    ];
    for (changes, status) in cases {
        refused(changes, status).await;
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_refused_although_the_gateway_makes_it_text() {
    let mut order: Value =
        serde_json::from_str(include_str!("../../../../events/order-minimal.json")).unwrap();
    order["customer"]["name"] = json!("M\u{fffd}ller");
    let response = refused(json!({"/body": order.to_string()}), 400).await;
    let problem: Value = serde_json::from_str(body(&response)).unwrap();
    assert_eq!(
        problem["detail"],
        "the body is not UTF-8, or has the character U+FFFD; send UTF-8, and write that character as \\ufffd"
    );
    // The client that means the character writes it as an escape.
    let escaped = order.to_string().replace(char::REPLACEMENT_CHARACTER, r"\ufffd");
    let api = api(Queue::default(), Table::default());
    let response = api.answer_to(post(&json!({"/body": escaped}))).await;
    assert_eq!(response.status_code, 202);
}

#[tokio::test]
async fn invalid_headers() {
    let headers = |headers: Value| json!({ "/headers": headers, "/multiValueHeaders": null });
    let many = |headers: Value| json!({ "/multiValueHeaders": headers });
    let cases = [
        (headers(json!({})), 415),
        (headers(json!({"Content-Type": "text/plain"})), 415),
        (
            headers(json!({"Content-Type": "application/json; charset=utf-16"})),
            415,
        ),
        (
            headers(json!({"Content-Type": "application/json", "Content-Encoding": "gzip"})),
            415,
        ),
        (
            many(json!({"Content-Type": ["application/json", "text/plain"]})),
            415,
        ),
        (
            headers(json!({"Content-Type": "application/json", "Idempotency-Key": ""})),
            400,
        ),
        (
            headers(json!({"Content-Type": "application/json", "Idempotency-Key": "two words"})),
            400,
        ),
        (
            headers(json!({"Content-Type": "application/json", "Idempotency-Key": "\"open"})),
            400,
        ),
        (
            headers(json!({"Content-Type": "application/json", "Idempotency-Key": "é"})),
            400,
        ),
        (
            many(json!({"Content-Type": ["application/json"], "Idempotency-Key": ["a", "a"]})),
            400,
        ),
    ];
    for (changes, status) in cases {
        refused(changes, status).await;
    }
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let cases = [
        (json!({"/path": "/nothing"}), 404, None),
        (json!({"/path": "/orders/1/2"}), 404, None),
        // The pattern with which the gateway routed the request does not matter.
        (json!({"/path": "/nothing", "/resource": "/orders"}), 404, None),
        (
            json!({"/httpMethod": "DELETE"}),
            405,
            Some("GET, HEAD, POST, OPTIONS"),
        ),
        (
            json!({"/path": "/orders/batch", "/httpMethod": "GET"}),
            405,
            Some("POST, OPTIONS"),
        ),
        (json!({"/path": "/"}), 405, Some("GET, HEAD, OPTIONS")),
        (json!({"/path": "/orders/1"}), 405, Some("GET, HEAD, OPTIONS")),
    ];
    for (changes, status, allow) in cases {
        let response = refused(changes, status).await;
        assert_eq!(
            response.headers.get("allow").map(|value| value.to_str().unwrap()),
            allow
        );
    }
}

#[tokio::test]
async fn the_invalid_sample_names_every_violation() {
    let response = refused(
        json!({"/body": include_str!("../../../../events/order-invalid.json")}),
        422,
    )
    .await;
    insta::assert_snapshot!(shown(&response), @r#"
    422
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: 7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9

    {
      "detail": "5 violations; see errors",
      "errors": [
        {
          "detail": "must be an email address, for example \"ada@example.com\"",
          "pointer": "/customer/email"
        },
        {
          "detail": "must be an integer from 1 to 10000",
          "pointer": "/items/0/quantity"
        },
        {
          "detail": "must be a decimal string in EUR with 2 decimals, for example \"12.50\"",
          "pointer": "/items/0/unit_price"
        },
        {
          "detail": "must be a decimal string, for example \"12.50\"; numbers are refused as they can round",
          "pointer": "/items/1/unit_price"
        },
        {
          "detail": "is not a field here; the fields are customer, currency, items, total, note, reference, metadata",
          "pointer": "/coupon"
        }
      ],
      "request_id": "7e1cbda8-008a-5d9e-ac0e-10fbe2dab6c9",
      "status": 422,
      "title": "The content is not valid",
      "type": "urn:orders:problem:invalid"
    }
    "#);
}

#[tokio::test]
async fn an_event_that_is_not_a_request_is_answered() {
    let api = api(Queue::default(), Table::default());
    for event in [json!(null), json!({"Records": []})] {
        assert_eq!(api.answer_to(event).await.status_code, 400);
    }
}
