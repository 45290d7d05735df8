//! What can never succeed goes to the dead-letter queue, says why, harms nobody, and can be replayed.

use order_core::{Order, OrderMessage};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Home, System, eventually, sample, sample_of_new_customer};

/// Sends a body that is no order, and gives its token.
async fn poison(system: &System, queue: &str) -> String {
    let token = format!("poison-{}", Uuid::new_v4());
    system.send(queue, &token).await;
    token
}

#[tokio::test]
async fn a_malformed_message_is_set_aside_with_its_reason() {
    let home = Home::new();
    let system = home.start().await;
    let token = poison(&system, "orders").await;
    let id = system.place(&sample("order.json")).await;

    let letter = system.dead_letter(&token).await;
    assert_eq!(letter["queue"], "orders");
    assert_eq!(letter["reason"], "malformed");
    assert_eq!(letter["body"], token.as_str());
    assert_eq!(letter["order_id"], Value::Null);
    assert!(
        letter["message_id"].is_string() && letter["receive_count"].is_u64(),
        "{letter}"
    );
    system.notified(&id).await;
    system.emptied("orders").await;
}

#[tokio::test]
async fn an_event_that_nobody_can_read_is_set_aside_too() {
    let home = Home::new();
    let system = home.start().await;
    let token = poison(&system, "notifications").await;
    let letter = system.dead_letter(&token).await;
    assert_eq!(letter["queue"], "notifications");
    assert_ne!(letter["reason"], "attempts_exhausted");
}

#[tokio::test]
async fn another_order_under_the_same_id_is_a_conflict_and_the_first_stands() {
    let home = Home::new();
    let system = home.start().await;
    let first = sample_of_new_customer("order.json");
    let id = system.place(&first).await;
    let stored = system.notified(&id).await;

    let mut other = first.clone();
    let note = format!("not what was accepted, {id}");
    other["note"] = json!(note);
    let accepted_at = stored["accepted_at"].as_str().unwrap().parse().unwrap();
    let message = OrderMessage::new(id.parse().unwrap(), accepted_at, Order::parse(&other).unwrap());
    system.send("orders", &message.to_json()).await;

    let letter = system.dead_letter(&note).await;
    assert_eq!(
        (letter["reason"].as_str(), letter["order_id"].as_str()),
        (Some("conflict"), Some(id.as_str()))
    );
    assert_eq!(system.stored(&id).await, stored);
    assert_eq!(system.rows_of_customer(&first).await, 1);
}

#[tokio::test]
async fn a_letter_that_is_repaired_by_nothing_comes_back_with_its_reason() {
    let home = Home::new();
    let system = home.start_alone().await;
    let token = poison(&system, "orders").await;
    let letter = system.dead_letter(&token).await;
    let message_id = letter["message_id"].as_str().unwrap();

    let replayed = system.orderctl(&["dlq", "replay", message_id]);
    assert!(
        replayed.status.success(),
        "{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    let again = eventually("the letter came back", async || {
        let letter = system.dead_letter(&token).await;
        Some(letter).filter(|letter| letter["message_id"] != message_id)
    })
    .await;
    assert_eq!(again["reason"], "malformed");

    let unknown = system.orderctl(&["dlq", "replay", "no-such-letter"]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[tokio::test]
async fn replaying_everything_changes_nothing_that_is_right_and_heals_the_rest() {
    let home = Home::new();
    let system = home.start_alone().await;
    // A letter that was set aside although nothing is wrong with it, as after an outage.
    let sample = sample_of_new_customer("order-minimal.json");
    let order = Order::parse(&sample).unwrap();
    let id: order_core::OrderId = Uuid::now_v7().to_string().parse().unwrap();
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let message = OrderMessage::new(id, accepted_at, order.clone()).to_json();
    system.send("orders-dlq", &message).await;
    // One that is stored already.
    let stored_id = system.place(&sample).await;
    let stored = system.notified(&stored_id).await;
    let copy = OrderMessage::new(stored_id.parse().unwrap(), accepted_at, order).to_json();
    system.send("orders-dlq", &copy).await;

    let replayed = system.orderctl(&["dlq", "replay", "--all"]);
    assert!(
        replayed.status.success(),
        "{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    system.notified(&id.to_string()).await;
    system.emptied("orders").await;
    system.emptied("notifications").await;
    for replayed in [&id.to_string(), &stored_id] {
        assert_eq!(system.dead_letters(replayed), [] as [Value; 0]);
    }
    assert_eq!(system.stored(&stored_id).await, stored);
    assert_eq!(system.mail_about(&stored_id).len(), 1);
    assert_eq!(system.rows_of_customer(&sample).await, 2);
}
