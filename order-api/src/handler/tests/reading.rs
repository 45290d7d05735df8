//! Orders that are read, the index, and the methods of each.

use order_core::{OrderMessage, Trace};
use order_table::{Cancellation, Claim, FailedOrder, Notification, OrderRow};

use super::*;

fn row() -> OrderRow {
    let message =
        OrderMessage::from_json(include_str!("../../../../order-core/golden/message-v1.json")).unwrap();
    let message = OrderMessage {
        order_id: NEW_ID.parse().unwrap(),
        ..message
    };
    OrderRow::confirmed(message, "2026-11-23T09:35:01.000Z".parse().unwrap())
}

#[tokio::test]
async fn an_id_in_uppercase_is_the_same_order() {
    let api = api(Queue::default(), Table::holding([row()]));
    let path = format!("/orders/{}", NEW_ID.to_uppercase());
    let upper = api.answer_to(get(&json!({ "/path": path }))).await;
    let lower = api.answer_to(get(&json!({}))).await;
    assert_eq!((upper.status_code, body(&upper)), (200, body(&lower)));
}

#[tokio::test]
async fn a_cancelled_order_is_shown_with_its_time_and_its_new_status() {
    let cancelled = OrderRow {
        cancellation: Some(Cancellation {
            cancelled_at: "2026-11-23T09:36:00.000Z".parse().unwrap(),
            notification: None,
        }),
        ..row()
    };
    let api = api(Queue::default(), Table::holding([cancelled]));
    let answer = api.answer_to(get(&json!({}))).await;
    let read: Value = serde_json::from_str(body(&answer)).unwrap();
    assert_eq!(
        (&read["status"], &read["cancelled_at"]),
        (&json!("cancelled"), &json!("2026-11-23T09:36:00.000Z"))
    );
    assert_eq!(read["confirmed_at"], "2026-11-23T09:35:01.000Z");
}

#[tokio::test]
async fn a_stored_order_is_shown() {
    let api = api(Queue::default(), Table::holding([row()]));
    insta::assert_snapshot!(shown(&api.answer_to(get(&json!({}))).await), @r#"
    200
    api-version: 1
    cache-control: private, no-cache
    content-type: application/json
    etag: "D9qZqYlKXsYa53-AgBL-6w"
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "accepted_at": "2026-11-23T09:35:00.123Z",
      "confirmed_at": "2026-11-23T09:35:01.000Z",
      "currency": "EUR",
      "customer": {
        "email": "ada@example.com",
        "id": "c-42",
        "name": "Ada Lovelace"
      },
      "fingerprint": "v1:f51dc105d7bd5469bf7c7277dbd992014e6f06d1bad677ac0e06104a17a3baf7",
      "items": [
        {
          "name": "Mug",
          "quantity": 2,
          "sku": "MUG-01",
          "unit_price": "12.50"
        },
        {
          "quantity": 1,
          "sku": "TEA-07",
          "unit_price": "4.95"
        }
      ],
      "note": "Leave it at the door",
      "order_id": "01a207bd-a9c0-7eeb-be96-e59ce40f9cb1",
      "status": "confirmed",
      "total": "29.95"
    }
    "#);
}

#[tokio::test]
async fn an_erased_order_is_gone() {
    let api = api(Queue::default(), erased(NEW_ID));
    insta::assert_snapshot!(shown(&api.answer_to(get(&json!({}))).await), @r#"
    410
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "detail": "the order was erased at 2026-11-29T12:00:00.000Z, and does not come back",
      "request_id": "a102331d-8ae2-502d-bd97-a6c969b8607a",
      "status": 410,
      "title": "The order was erased",
      "type": "urn:orders:problem:order-erased"
    }
    "#);
    assert_eq!(api.claims.calls(), 0, "a claim that is left says nothing more");
}

#[tokio::test]
async fn a_stored_order_has_the_trace_of_its_request() {
    let traceparent = "00-67891233abcdef012345678912345678-463ac35c9f6413ad-01";
    let traced = row().with_trace(Trace::from_traceparent(traceparent));
    let api = api(Queue::default(), Table::holding([traced]));
    let response = api.answer_to(get(&json!({}))).await;
    let document: Value = serde_json::from_str(body(&response)).unwrap();
    assert_eq!(document["traceparent"], traceparent);
}

#[tokio::test]
async fn a_notified_order_says_by_which_email() {
    let notification = Notification {
        id: "n-1".into(),
        notified_at: "2026-11-23T09:35:02.000Z".parse().unwrap(),
    };
    let api = api(
        Queue::default(),
        Table::holding([OrderRow {
            notification: Some(notification),
            ..row()
        }]),
    );
    let response = api.answer_to(get(&json!({}))).await;
    let document: Value = serde_json::from_str(body(&response)).unwrap();
    assert_eq!(document["status"], "notified");
    assert_eq!(document["notification_id"], "n-1");
    assert_eq!(document["notified_at"], "2026-11-23T09:35:02.000Z");
}

/// An API that knows the order only by its claim.
fn api_with_claim(released_at: Option<Timestamp>) -> OrderApi<Queue, Table, Claims> {
    let OrderRow {
        order_id,
        accepted_at,
        fingerprint,
        ..
    } = row();
    let mut api = api(Queue::default(), Table::default());
    api.claims = Claims::holding(Claim {
        order_id,
        fingerprint,
        accepted_at,
        in_doubt_until: accepted_at,
        released_at,
    });
    api
}

#[tokio::test]
async fn an_order_that_is_not_stored_is_read_from_its_claim() {
    let api = api_with_claim(None);
    insta::assert_snapshot!(shown(&api.answer_to(get(&json!({}))).await), @r#"
    202
    api-version: 1
    cache-control: no-store
    content-type: application/json
    retry-after: 1
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "accepted_at": "2026-11-23T09:35:00.123Z",
      "order_id": "01a207bd-a9c0-7eeb-be96-e59ce40f9cb1",
      "status": "accepted"
    }
    "#);
}

#[tokio::test]
async fn an_order_whose_message_is_a_dead_letter_has_failed_with_or_without_a_claim() {
    let failed = FailedOrder {
        order_id: row().order_id,
        error_code: "invalid_item".to_owned(),
        failed_at: "2026-11-23T09:35:01.000Z".parse().unwrap(),
        accepted_at: "2026-11-23T09:35:00.100Z".parse().unwrap(),
    };
    let mut api = api(Queue::default(), Table::default());
    api.claims.failed = Some(failed.clone());
    insta::assert_snapshot!(shown(&api.answer_to(get(&json!({}))).await), @r#"
    202
    api-version: 1
    cache-control: no-store
    content-type: application/json
    retry-after: 60
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "accepted_at": "2026-11-23T09:35:00.100Z",
      "failed_at": "2026-11-23T09:35:01.000Z",
      "order_id": "01a207bd-a9c0-7eeb-be96-e59ce40f9cb1",
      "reason": "invalid_item",
      "status": "failed"
    }
    "#);
    let mut api = api_with_claim(None);
    api.claims.failed = Some(failed);
    let body = shown(&api.answer_to(get(&json!({}))).await);
    assert!(
        body.contains("2026-11-23T09:35:00.123Z") && body.contains("failed"),
        "{body}"
    );
    // A row is stronger than a mark that is left.
    api.table = Table::holding([row()]);
    assert_eq!(api.answer_to(get(&json!({}))).await.status_code, 200);
}

#[tokio::test]
async fn an_order_that_the_queue_refused_is_not_accepted() {
    let api = api_with_claim(Some("2026-11-23T09:35:01.000Z".parse().unwrap()));
    assert_eq!(api.answer_to(get(&json!({}))).await.status_code, 404);
}

#[tokio::test]
async fn without_its_claim_nobody_knows_whether_an_order_was_accepted() {
    let mut api = api(Queue::default(), Table::default());
    api.claims = Claims::failing(Fault::Error);
    assert_eq!(api.answer_to(get(&json!({}))).await.status_code, 503);
    // A stored order needs no claim.
    api.table = Table::holding([row()]);
    assert_eq!(api.answer_to(get(&json!({}))).await.status_code, 200);
}

#[tokio::test]
async fn a_missing_order_may_be_stored_soon() {
    let api = api(Queue::default(), Table::default());
    insta::assert_snapshot!(shown(&api.answer_to(get(&json!({}))).await), @r#"
    404
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "detail": "no order with this id is stored or was accepted under an idempotency key; an order without a key is stored a moment after it was accepted",
      "request_id": "a102331d-8ae2-502d-bd97-a6c969b8607a",
      "status": 404,
      "title": "There is no such order, or not yet",
      "type": "urn:orders:problem:order-not-found"
    }
    "#);
}

#[tokio::test]
async fn a_text_that_is_not_an_id_is_not_looked_up() {
    let api = api(Queue::default(), Table::default());
    let response = api.answer_to(get(&json!({"/path": "/orders/42"}))).await;
    insta::assert_snapshot!(shown(&response), @r#"
    404
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "detail": "not an order id; an order id is a UUID such as 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b",
      "request_id": "a102331d-8ae2-502d-bd97-a6c969b8607a",
      "status": 404,
      "title": "There is nothing here",
      "type": "urn:orders:problem:not-found"
    }
    "#);
    assert_eq!(api.table.reads(), 0);
}

#[tokio::test]
async fn a_table_that_fails_is_a_503_that_leaks_nothing() {
    let api = api(Queue::default(), Table::failing(Fault::Error));
    insta::assert_snapshot!(shown(&api.answer_to(get(&json!({}))).await), @r#"
    503
    api-version: 1
    cache-control: no-store
    content-type: application/problem+json
    retry-after: 1
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "detail": "the order cannot be read right now; try again",
      "request_id": "a102331d-8ae2-502d-bd97-a6c969b8607a",
      "status": 503,
      "title": "The service cannot answer right now",
      "type": "urn:orders:problem:unavailable"
    }
    "#);
}

#[tokio::test]
async fn the_index_links_with_the_stage() {
    let api = api(Queue::default(), Table::default());
    let response = api
        .answer_to(get(&json!({"/path": "/", "/requestContext/path": "/dev/"})))
        .await;
    insta::assert_snapshot!(shown(&response), @r#"
    200
    api-version: 1
    cache-control: private, no-cache
    content-type: application/json
    etag: "Wo3lJ6iRBIE3QXMcnOGlGw"
    x-request-id: a102331d-8ae2-502d-bd97-a6c969b8607a

    {
      "links": {
        "cancel": {
          "href": "/dev/orders/{id}/cancel",
          "method": "POST"
        },
        "get": {
          "href": "/dev/orders/{id}",
          "method": "GET"
        },
        "list": {
          "href": "/dev/orders{?customer_id,accepted_from,accepted_to,status,reference,sort,limit,cursor}",
          "method": "GET"
        },
        "openapi": {
          "href": "/dev/openapi.json",
          "method": "GET"
        },
        "place": {
          "href": "/dev/orders",
          "method": "POST"
        },
        "place_many": {
          "href": "/dev/orders/batch",
          "method": "POST"
        }
      },
      "name": "orders"
    }
    "#);
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let api = api(Queue::default(), Table::holding([row()]));
    let head = api.answer_to(get(&json!({"/httpMethod": "HEAD"}))).await;
    let got = api.answer_to(get(&json!({}))).await;
    assert_eq!(
        (head.status_code, &head.headers, head.body),
        (200, &got.headers, None)
    );
}

#[tokio::test]
async fn options_lists_the_methods() {
    let api = api(Queue::default(), Table::default());
    for (path, allow) in [
        ("/", "GET, HEAD, OPTIONS"),
        ("/orders/", "GET, HEAD, POST, OPTIONS"),
        ("/orders/batch", "POST, OPTIONS"),
        ("/orders/1", "GET, HEAD, OPTIONS"),
    ] {
        let response = api
            .answer_to(get(&json!({"/path": path, "/httpMethod": "OPTIONS"})))
            .await;
        assert_eq!(
            (response.status_code, &response.headers["allow"], &response.body),
            (204, &allow.parse().unwrap(), &None)
        );
    }
}
