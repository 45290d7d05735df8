//! What fails for now is tried again, and is set aside with its reason when its receives run out.

use order_core::{Order, OrderConfirmed, OrderId, OrderMessage};
use uuid::Uuid;

use crate::system::{Home, eventually, sample_of_new_customer};

/// An event whose order has no row yet is such a failure: the row may come.
#[tokio::test]
#[ignore = "takes a minute and more: retries back off (the run against LocalStack includes it)"]
async fn what_fails_to_the_last_receive_is_dead_with_its_reason_and_is_healed_by_a_replay() {
    let home = Home::new();
    let system = home.start().await;
    let id: OrderId = Uuid::now_v7().to_string().parse().unwrap();
    let sample = sample_of_new_customer("order.json");
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let event = OrderConfirmed {
        order_id: id,
        accepted_at,
        confirmed_at: accepted_at,
        order: Order::parse(&sample).unwrap(),
    };
    system.send("notifications", &event.to_json()).await;

    let id = id.to_string();
    let letter = system.dead_letter(&id).await;
    assert_eq!(
        (&letter["queue"], &letter["reason"]),
        (&"notifications".into(), &"row_missing".into())
    );
    let receives = system.max_receive_count("notifications").await;
    assert_eq!(letter["receive_count"], receives);

    // The row comes; the letter, sent again, finds everything right and ends.
    let message = OrderMessage::new(event.order_id, accepted_at, event.order);
    system.send("orders", &message.to_json()).await;
    let notified = system.notified(&id).await;
    let message_id = letter["message_id"].as_str().unwrap();
    eventually("the letter was sent again", async || {
        // Another test that looks at the letters may hold it for a moment.
        system
            .orderctl(&["dlq", "replay", message_id])
            .status
            .success()
            .then_some(())
    })
    .await;
    system.emptied("notifications").await;
    assert_eq!(system.dead_letters(&id), [] as [serde_json::Value; 0]);
    assert_eq!(system.stored(&id).await, notified);
    assert_eq!(system.rows_of_customer(&sample).await, 1);
}
