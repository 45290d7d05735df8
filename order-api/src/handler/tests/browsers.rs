//! Web pages of other origins (CORS), and clients that hold the current answer (entity tags).

use order_core::OrderMessage;
use order_table::{Notification, OrderRow};

use super::*;

const SHOP: &str = "https://shop.example.com";

fn api_for(origins: &str, table: Table) -> OrderApi<Queue, Table, Claims> {
    let mut api = api(Queue::default(), table);
    api.settings.allowed_origins = origins.parse().unwrap();
    api
}

/// A request of a page, with further headers.
fn from_page(mut event: Value, headers: &[(&str, &str)]) -> Value {
    event["multiValueHeaders"] = Value::Null;
    for (name, value) in headers {
        event["headers"][*name] = json!(value);
    }
    event
}

/// The headers whose names begin so.
fn headers(response: &ApiGatewayProxyResponse, names: &[&str]) -> String {
    shown(response)
        .lines()
        .filter(|line| names.iter().any(|name| line.starts_with(name)))
        .fold(String::new(), |lines, line| lines + line + "\n")
}

fn cors_headers(response: &ApiGatewayProxyResponse) -> String {
    headers(response, &["access-control-", "vary: "])
}

fn stored() -> OrderRow {
    let message =
        OrderMessage::from_json(include_str!("../../../../order-core/golden/message-v1.json")).unwrap();
    let message = OrderMessage {
        order_id: NEW_ID.parse().unwrap(),
        ..message
    };
    OrderRow::confirmed(message, "2026-11-23T09:35:01.000Z".parse().unwrap())
}

#[tokio::test]
async fn a_preflight_lists_what_a_page_may_send() {
    let api = api_for(
        "https://admin.example.com,https://shop.example.com",
        Table::default(),
    );
    let preflight = get(&json!({"/path": "/orders", "/httpMethod": "OPTIONS"}));
    let preflight = from_page(
        preflight,
        &[
            ("origin", SHOP),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type,idempotency-key"),
        ],
    );
    let response = api.answer_to(preflight).await;
    insta::assert_snapshot!(shown(&response), @r"
    204
    access-control-allow-headers: API-Version, Authorization, Baggage, Content-Type, Idempotency-Key, If-None-Match, Traceparent, Tracestate, X-Amz-Content-Sha256, X-Amz-Date, X-Amz-Security-Token, X-Amz-User-Agent, X-Amzn-Trace-Id, X-Api-Key
    access-control-allow-methods: GET, HEAD, POST, OPTIONS
    access-control-allow-origin: https://shop.example.com
    access-control-expose-headers: API-Version, ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id
    access-control-max-age: 7200
    allow: GET, HEAD, POST, OPTIONS
    api-version: 1
    cache-control: no-store
    vary: origin
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a
    ");
}

#[tokio::test]
async fn every_answer_can_be_read_by_an_allowed_page() {
    let api = api_for(SHOP, Table::default());
    let origin = [("Origin", SHOP)];
    let answers = [
        (post(&without_key()), 202),
        (post(&json!({"/body": "{"})), 400),
        (post(&json!({"/httpMethod": "DELETE"})), 405),
        (post(&json!({"/path": "/nothing"})), 404),
        (get(&json!({})), 404),
    ];
    for (event, status) in answers {
        let response = api.answer_to(from_page(event, &origin)).await;
        assert_eq!(response.status_code, status);
        insta::allow_duplicates! {
            insta::assert_snapshot!(cors_headers(&response), @r"
            access-control-allow-origin: https://shop.example.com
            access-control-expose-headers: API-Version, ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id
            vary: origin
            ");
        }
    }
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_headers() {
    let api = api_for(SHOP, Table::default());
    for origin in [
        None,
        Some("https://evil.example.com"),
        Some("https://shop.example.com.evil.example"),
        Some("null"),
    ] {
        let headers: Vec<(&str, &str)> = origin
            .map(|origin| ("Origin", origin))
            .into_iter()
            .chain([("Access-Control-Request-Method", "POST")])
            .collect();
        for method in ["GET", "OPTIONS"] {
            let event = from_page(get(&json!({"/httpMethod": method})), &headers);
            assert_eq!(
                cors_headers(&api.answer_to(event).await),
                "vary: origin\n",
                "{origin:?}"
            );
        }
    }
}

#[tokio::test]
async fn without_allowed_origins_there_are_no_headers() {
    let api = api(Queue::default(), Table::default());
    let event = from_page(
        get(&json!({"/httpMethod": "OPTIONS"})),
        &[("Origin", SHOP), ("Access-Control-Request-Method", "GET")],
    );
    assert_eq!(cors_headers(&api.answer_to(event).await), "");
}

#[tokio::test]
async fn every_origin_is_one_answer_for_all() {
    let api = api_for("*", Table::default());
    let page = api
        .answer_to(from_page(get(&json!({})), &[("Origin", SHOP)]))
        .await;
    assert_eq!(page.headers["access-control-allow-origin"], "*");
    assert_eq!(
        cors_headers(&page),
        cors_headers(&api.answer_to(get(&json!({}))).await)
    );
}

#[tokio::test]
async fn a_client_that_holds_the_answer_gets_a_304() {
    let api = api_for(SHOP, Table::holding([stored()]));
    let first = api.answer_to(from_page(get(&json!({})), &[])).await;
    insta::assert_snapshot!(headers(&first, &["cache-control", "etag"]), @r#"
    cache-control: private, no-cache
    etag: "D9qZqYlKXsYa53-AgBL-6w"
    "#);
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = |tag: &str, method: &str| {
        from_page(
            get(&json!({"/httpMethod": method})),
            &[("If-None-Match", tag), ("Origin", SHOP)],
        )
    };
    for method in ["GET", "HEAD"] {
        let unchanged = api.answer_to(again(&tag, method)).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(shown(&unchanged), @r#"
            304
            access-control-allow-origin: https://shop.example.com
            access-control-expose-headers: API-Version, ETag, Idempotent-Replayed, Location, Retry-After, X-Request-Id
            api-version: 1
            cache-control: private, no-cache
            etag: "D9qZqYlKXsYa53-AgBL-6w"
            vary: origin
            x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a
            "#);
        }
    }
    assert_eq!(api.answer_to(again("\"another\"", "GET")).await.status_code, 200);
}

#[tokio::test]
async fn a_notification_changes_the_tag() {
    let tag = async |row: OrderRow| {
        let api = api(Queue::default(), Table::holding([row]));
        api.answer_to(get(&json!({}))).await.headers["etag"].clone()
    };
    let notification = Notification {
        id: "n-1".into(),
        notified_at: "2026-11-23T09:35:02.000Z".parse().unwrap(),
    };
    let notified = OrderRow {
        notification: Some(notification),
        ..stored()
    };
    assert_ne!(tag(stored()).await, tag(notified).await);
}
