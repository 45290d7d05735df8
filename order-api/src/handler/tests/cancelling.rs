//! `POST /orders/{id}/cancel`.

use order_core::{Order, OrderMessage};
use order_table::{Cancellation, Claim, FailedOrder, OrderRow};

use super::*;

/// The id of an order under a key.
const KEYED: &str = "f55e9d80-367b-580c-a76b-c8136a28e17e";

fn message(id: &str) -> OrderMessage {
    let order = json!({"customer": {"id": "c"}, "currency": "EUR", "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]});
    OrderMessage::new(
        id.parse().unwrap(),
        "2026-11-23T09:30:00.000Z".parse().unwrap(),
        Order::restore(&order).unwrap(),
    )
}

fn row(id: &str) -> OrderRow {
    OrderRow::confirmed(message(id), "2026-11-23T09:30:00.100Z".parse().unwrap())
}

/// The status of the answer, and how many messages were sent.
async fn answer(table: Table, claims: Claims, event: Value) -> (i64, usize) {
    let api = OrderApi {
        claims,
        ..api(Queue::default(), table)
    };
    let answer = api.answer_to(event).await;
    (answer.status_code, api.queue.cancelled().len())
}

#[tokio::test]
async fn a_stored_order_is_cancelled_by_a_message() {
    for id in [NEW_ID, &NEW_ID.to_uppercase()] {
        let api = api(Queue::default(), Table::holding([row(NEW_ID)]));
        let answer = api.answer_to(cancel(id)).await;
        assert_eq!((answer.status_code, api.queue.cancelled().len()), (202, 1));
        assert_eq!(api.queue.cancelled()[0].to_string(), NEW_ID);
        assert_eq!(answer.headers["location"], format!("/prod/orders/{NEW_ID}"));
        assert_eq!(
            body(&answer),
            format!(r#"{{"order_id":"{NEW_ID}","requested_at":"2026-11-23T09:30:00.250Z"}}"#)
        );
    }
}

#[tokio::test]
async fn an_order_that_was_cancelled_is_not_cancelled_again() {
    let cancelled = OrderRow {
        cancellation: Some(Cancellation {
            cancelled_at: "2026-11-23T09:30:00.200Z".parse().unwrap(),
            notification: None,
        }),
        ..row(NEW_ID)
    };
    let api = api(Queue::default(), Table::holding([cancelled]));
    let answer = api.answer_to(cancel(NEW_ID)).await;
    assert_eq!((answer.status_code, api.queue.cancelled().len()), (200, 0));
    assert_eq!(
        body(&answer),
        format!(r#"{{"order_id":"{NEW_ID}","cancelled_at":"2026-11-23T09:30:00.200Z"}}"#)
    );
    let read = api
        .answer_to(get(&json!({"/path": format!("/orders/{NEW_ID}")})))
        .await;
    let read: Value = serde_json::from_str(body(&read)).unwrap();
    assert_eq!(
        (&read["status"], &read["cancelled_at"]),
        (&json!("cancelled"), &json!("2026-11-23T09:30:00.200Z"))
    );
}

#[tokio::test]
async fn an_order_that_may_be_in_the_queue_is_cancelled_before_it_is_stored() {
    let accepted = Claims::holding(Claim::of(&message(KEYED), Duration::from_secs(10)));
    assert_eq!(answer(Table::default(), accepted, cancel(KEYED)).await, (202, 1));
    let failed = Claims::marking(FailedOrder {
        order_id: KEYED.parse().unwrap(),
        error_code: "invalid_item".to_owned(),
        failed_at: "2026-11-23T09:30:01.000Z".parse().unwrap(),
        accepted_at: "2026-11-23T09:30:00.000Z".parse().unwrap(),
    });
    assert_eq!(answer(Table::default(), failed, cancel(KEYED)).await, (202, 1));
    // Without a key nobody knows.
    assert_eq!(
        answer(Table::default(), Claims::default(), cancel(NEW_ID)).await,
        (202, 1)
    );
}

#[tokio::test]
async fn an_order_that_cannot_be_there_is_not_found() {
    let released = Claim {
        released_at: Some("2026-11-23T09:30:00.100Z".parse().unwrap()),
        ..Claim::of(&message(KEYED), Duration::from_secs(10))
    };
    assert_eq!(
        answer(Table::default(), Claims::holding(released), cancel(KEYED)).await,
        (404, 0)
    );
    for id in [
        KEYED,
        // Made 15 days before, and an hour later.
        "01a1ba7d-4dc0-7eeb-be96-e59ce40f9cb1",
        "01a207f4-9840-7eeb-be96-e59ce40f9cb1",
        "42",
    ] {
        assert_eq!(
            answer(Table::default(), Claims::default(), cancel(id)).await,
            (404, 0),
            "{id}"
        );
    }
}

#[tokio::test]
async fn an_erased_order_is_gone() {
    assert_eq!(
        answer(erased(NEW_ID), Claims::default(), cancel(NEW_ID)).await,
        (410, 0)
    );
}

#[tokio::test]
async fn no_fault_of_a_table_stops_a_cancellation() {
    for fault in [Fault::Error, Fault::Hang] {
        let answered = answer(Table::failing(fault), Claims::default(), cancel(KEYED)).await;
        assert_eq!(answered, (202, 1), "{fault:?}");
        let answered = answer(Table::default(), Claims::failing(fault), cancel(KEYED)).await;
        assert_eq!(answered, (202, 1), "{fault:?}");
    }
}

#[tokio::test]
async fn a_queue_that_is_away_is_said_so() {
    let api = api(Queue::failing(Fault::Error), Table::holding([row(NEW_ID)]));
    let answer = api.answer_to(cancel(NEW_ID)).await;
    assert_eq!(answer.status_code, 503);
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_body_is_empty_or_an_object_without_fields() {
    let with = |body: &str| {
        let mut event = cancel(NEW_ID);
        event["body"] = json!(body);
        event
    };
    let table = || Table::holding([row(NEW_ID)]);
    for (body, expected) in [
        ("{}", (202, 1)),
        ("{", (400, 0)),
        ("[]", (422, 0)),
        (r#"{"reason": "x"}"#, (422, 0)),
        (&" ".repeat(1025), (413, 0)),
    ] {
        assert_eq!(
            answer(table(), Claims::default(), with(body)).await,
            expected,
            "{body}"
        );
    }
    let mut without_body = cancel(NEW_ID);
    without_body["body"] = Value::Null;
    without_body["headers"] = json!({});
    without_body["multiValueHeaders"] = json!({});
    assert_eq!(answer(table(), Claims::default(), without_body).await, (202, 1));
}
