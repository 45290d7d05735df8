//! Orders that are kept for a while: a row is deleted when its time is over, and no late message brings it back.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use order_core::{Order, OrderMessage, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::system::{Sandbox, System, sample_of_new_customer};

const NINETY_DAYS: Duration = Duration::from_hours(24 * 90);

/// When the row of an order may be deleted, in seconds since the Unix epoch.
async fn end_of_row(system: &System, id: &str) -> Option<i64> {
    let call = system.dynamodb().await.get_item().table_name("orders");
    let call = call
        .key("order_id", AttributeValue::S(id.to_owned()))
        .consistent_read(true);
    let item = call.send().await.unwrap().item.unwrap();
    item.get("expires_at")
        .map(|value| value.as_n().unwrap().parse().unwrap())
}

/// Lets the time of a row be over.
async fn end_row(system: &System, id: &str) {
    let call = system.dynamodb().await.update_item().table_name("orders");
    let call = call
        .key("order_id", AttributeValue::S(id.to_owned()))
        .update_expression("SET expires_at = :past")
        .expression_attribute_values(":past", AttributeValue::N("1000000000".to_owned()));
    call.send().await.unwrap();
}

#[tokio::test]
async fn a_row_is_deleted_when_its_time_is_over_and_no_late_message_brings_it_back() {
    let sandbox = Sandbox::new();
    let arguments = ["--parameter", "OrderRetentionDays=90"];
    let mut system = sandbox.start_with(&arguments).await;
    let order = sample_of_new_customer("order.json");
    let customer = order["customer"]["id"].as_str().unwrap().to_owned();
    let id = system.place(&order).await;
    // The mark of its email leaves the end of the row as it is.
    let stored = system.wait_until_notified(&id).await;
    let accepted_at: Timestamp = stored["accepted_at"].as_str().unwrap().parse().unwrap();
    let expected = (accepted_at.as_offset_date_time() + NINETY_DAYS).unix_timestamp();
    assert_eq!(end_of_row(&system, &id).await, Some(expected));

    // DynamoDB deletes it within days. On this machine it goes with the next start.
    end_row(&system, &id).await;
    assert!(system.stop().await.success());
    drop(system);
    let system = sandbox.start_with(&arguments).await;
    let read = async || {
        system
            .request(|http, url| http.get(format!("{url}/orders/{id}")))
            .await
    };
    assert_eq!(read().await.status, 404);
    let listed = system.read_json_lines(&["list", "--customer", &customer, "--json"]);
    assert!(listed.is_empty(), "{listed:?}");

    // A copy of its message, exported long ago.
    let message = OrderMessage::new(
        id.parse().unwrap(),
        Timestamp::new(accepted_at.as_offset_date_time() - NINETY_DAYS),
        Order::restore(&order).unwrap(),
    );
    system.send("orders", &message.to_json()).await;
    let letter = system.wait_for_dead_letter(&id).await;
    assert_eq!(letter["reason"], "expired", "{letter}");
    let message_id = letter["message_id"].as_str().unwrap();
    // The outputs of the stack say how long it keeps orders.
    let mut replay = sandbox.orderctl();
    let replay = replay.args(["dlq", "replay", message_id, "--dry-run", "--json"]);
    let printed = String::from_utf8(replay.output().unwrap().stdout).unwrap();
    assert!(printed.contains(r#""outcome":"expired""#), "{printed}");
    assert_eq!(system.count_rows_of_customer(&order).await, 0);
    assert_eq!(system.find_mail(&id).len(), 1, "the email of the first time");

    // Its end is no erasure: everything that is left is found, and a tombstone is kept for ever.
    let erased = system.read_json(&["erase", "--customer", &customer, "--yes", "--json"]);
    assert_eq!(
        (&erased["found"]["orders"], &erased["erased"]["dead_letters"]),
        (&json!([id]), &json!(1)),
        "{erased}"
    );
    assert_eq!(read().await.status, 410);
    assert_eq!(end_of_row(&system, &id).await, None);
}

#[tokio::test]
async fn a_key_lasts_as_long_as_its_order() {
    let sandbox = Sandbox::new();
    let arguments = ["--parameter", "OrderRetentionDays=90"];
    let mut system = sandbox.start_with(&arguments).await;
    let order = sample_of_new_customer("order.json");
    let key = Uuid::new_v4().to_string();
    let first = system.post_with_key_until_decided(&order, &key).await;
    let id = first.body["order_id"].as_str().unwrap().to_owned();
    system.wait_until_notified(&id).await;
    end_row(&system, &id).await;
    // The claim ended before.
    let claims = system.dynamodb().await.delete_item().table_name("order-claims");
    let claims = claims.key("order_id", AttributeValue::S(id.clone()));
    claims.send().await.unwrap();
    assert!(system.stop().await.success());
    drop(system);
    let system = sandbox.start_with(&arguments).await;
    let again = system.post_with_key_until_decided(&order, &key).await;
    assert_eq!(
        (again.status, &again.body["order_id"]),
        (202, &json!(id)),
        "{}",
        again.body
    );
    assert!(!again.headers.contains_key("idempotent-replayed"));
    assert_ne!(again.body["accepted_at"], first.body["accepted_at"]);
    let stored = system.wait_until_notified(&id).await;
    assert_eq!(stored["accepted_at"], again.body["accepted_at"]);
}
