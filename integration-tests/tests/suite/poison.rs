//! Messages that can never succeed: they are dead-lettered with the reason, harm no other message, and can be replayed.

use order_core::{Order, OrderMessage};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Sandbox, System, eventually, sample, sample_of_new_customer};

/// Sends a body that is not an order, and returns its token.
async fn send_poison(system: &System, queue: &str) -> String {
    let token = format!("poison-{}", Uuid::new_v4());
    system.send(queue, &token).await;
    token
}

#[tokio::test]
async fn a_malformed_message_is_dead_lettered_with_its_reason() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let token = send_poison(&system, "orders").await;
    let id = system.place(&sample("order.json")).await;

    let dead_letter = system.wait_for_dead_letter(&token).await;
    assert_eq!(dead_letter["queue"], "orders");
    assert_eq!(dead_letter["reason"], "malformed");
    assert_eq!(dead_letter["body"], token.as_str());
    assert_eq!(dead_letter["order_id"], Value::Null);
    assert!(
        dead_letter["message_id"].is_string() && dead_letter["receive_count"].is_u64(),
        "{dead_letter}"
    );
    system.wait_until_notified(&id).await;
    system.wait_until_empty("orders").await;
}

#[tokio::test]
async fn a_malformed_event_is_dead_lettered_too() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let token = send_poison(&system, "notifications").await;
    let dead_letter = system.wait_for_dead_letter(&token).await;
    assert_eq!(dead_letter["queue"], "notifications");
    assert_ne!(dead_letter["reason"], "attempts_exhausted");
}

#[tokio::test]
async fn another_order_under_the_same_id_is_a_conflict_and_the_first_stands() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let first = sample_of_new_customer("order.json");
    let id = system.place(&first).await;
    let stored = system.wait_until_notified(&id).await;

    let mut other = first.clone();
    let note = format!("not what was accepted, {id}");
    other["note"] = json!(note);
    let accepted_at = stored["accepted_at"].as_str().unwrap().parse().unwrap();
    let message = OrderMessage::new(id.parse().unwrap(), accepted_at, Order::restore(&other).unwrap());
    system.send("orders", &message.to_json()).await;

    let dead_letter = system.wait_for_dead_letter(&note).await;
    assert_eq!(
        (dead_letter["reason"].as_str(), dead_letter["order_id"].as_str()),
        (Some("conflict"), Some(id.as_str()))
    );
    assert_eq!(system.wait_until_stored(&id).await, stored);
    assert_eq!(system.count_rows_of_customer(&first).await, 1);
}

#[tokio::test]
async fn a_dead_letter_that_fails_again_comes_back_with_its_reason() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let token = send_poison(&system, "orders").await;
    let dead_letter = system.wait_for_dead_letter(&token).await;
    let message_id = dead_letter["message_id"].as_str().unwrap();

    let replayed = system.orderctl(&["dlq", "replay", message_id]);
    assert!(
        replayed.status.success(),
        "{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    let again = eventually("the dead letter came back", async || {
        let dead_letter = system.wait_for_dead_letter(&token).await;
        Some(dead_letter).filter(|dead_letter| dead_letter["message_id"] != message_id)
    })
    .await;
    assert_eq!(again["reason"], "malformed");

    let unknown = system.orderctl(&["dlq", "replay", "no-such-message"]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[tokio::test]
async fn an_order_whose_message_is_a_dead_letter_has_failed_and_a_replay_marks_it_anew() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let id = Uuid::now_v7().to_string();
    let accepted_at = "2026-11-23T09:35:00.123Z";
    let token = format!("poison-{id}");
    let body = json!({"version": 1, "order_id": id, "accepted_at": accepted_at, "order": {"note": token}});
    system.send("orders", &body.to_string()).await;
    let dead_letter = system.wait_for_dead_letter(&token).await;
    let read_failed = async || {
        eventually("the order has failed", async || {
            let read = system
                .request(|http, url| http.get(format!("{url}/orders/{id}")))
                .await;
            (read.body["status"] == "failed").then_some(read)
        })
        .await
    };
    let failed = read_failed().await;
    assert_eq!(failed.status, 202);
    assert_eq!(
        (
            &failed.body["order_id"],
            &failed.body["accepted_at"],
            &failed.body["reason"]
        ),
        (&json!(id), &json!(accepted_at), &json!("malformed"))
    );
    let replayed = system.orderctl(&["dlq", "replay", dead_letter["message_id"].as_str().unwrap()]);
    assert!(
        replayed.status.success(),
        "{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    // The replay removes the mark, and the second failure writes another.
    eventually("the order has failed again", async || {
        (read_failed().await.body["failed_at"] != failed.body["failed_at"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn replaying_everything_changes_nothing_that_is_right_and_heals_the_rest() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    // A dead letter of a valid order, as after an outage.
    let sample = sample_of_new_customer("order-minimal.json");
    let order = Order::restore(&sample).unwrap();
    let id: order_core::OrderId = Uuid::now_v7().to_string().parse().unwrap();
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let message = OrderMessage::new(id, accepted_at, order.clone()).to_json();
    system.send("orders-dlq", &message).await;
    // A dead letter of an order that is already stored.
    let stored_id = system.place(&sample).await;
    let stored = system.wait_until_notified(&stored_id).await;
    let copy = OrderMessage::new(stored_id.parse().unwrap(), accepted_at, order).to_json();
    system.send("orders-dlq", &copy).await;

    let replayed = system.orderctl(&["dlq", "replay", "--all"]);
    assert!(
        replayed.status.success(),
        "{}",
        String::from_utf8_lossy(&replayed.stderr)
    );
    system.wait_until_notified(&id.to_string()).await;
    system.wait_until_empty("orders").await;
    system.wait_until_empty("notifications").await;
    for replayed in [&id.to_string(), &stored_id] {
        assert_eq!(system.list_dead_letters(replayed), [] as [Value; 0]);
    }
    assert_eq!(system.wait_until_stored(&stored_id).await, stored);
    assert_eq!(system.find_mail(&stored_id).len(), 1);
    assert_eq!(system.count_rows_of_customer(&sample).await, 2);
}
