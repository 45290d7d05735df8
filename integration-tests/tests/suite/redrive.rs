//! A transient failure is retried, and dead-lettered with its reason when the message is too old.

use order_core::{Order, OrderConfirmed, OrderId, OrderMessage};
use uuid::Uuid;

use crate::system::{Sandbox, eventually, sample_of_new_customer};

/// An event whose order has no row is a transient failure, because the row may be stored later.
#[tokio::test]
#[ignore = "takes more than a minute, because retries back off, and needs `MaxRetrySeconds=60` (the run against LocalStack includes it)"]
async fn an_event_that_always_fails_is_dead_lettered_by_its_age_and_succeeds_when_replayed() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let id: OrderId = Uuid::now_v7().to_string().parse().unwrap();
    let sample = sample_of_new_customer("order.json");
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let event = OrderConfirmed {
        order_id: id,
        accepted_at,
        confirmed_at: accepted_at,
        order: Order::restore(&sample).unwrap(),
        trace: None,
    };
    system.send("notifications", &event.to_json()).await;

    let id = id.to_string();
    let dead_letter = system.wait_for_dead_letter(&id).await;
    assert_eq!(
        (&dead_letter["queue"], &dead_letter["reason"]),
        (&"notifications".into(), &"row_missing".into())
    );
    // The receives of all copies: the first four delays are 75 seconds at most.
    let receives = dead_letter["receive_count"].as_u64();
    assert!(receives >= Some(4), "{receives:?}");

    // The row is stored now, so that the replayed event has nothing left to do.
    let message = OrderMessage::new(event.order_id, accepted_at, event.order);
    system.send("orders", &message.to_json()).await;
    let notified = system.wait_until_notified(&id).await;
    let message_id = dead_letter["message_id"].as_str().unwrap();
    eventually("the dead letter was replayed", async || {
        // Another test that lists the dead letters may have it in flight.
        system
            .orderctl(&["dlq", "replay", message_id])
            .status
            .success()
            .then_some(())
    })
    .await;
    system.wait_until_empty("notifications").await;
    assert_eq!(system.list_dead_letters(&id), [] as [serde_json::Value; 0]);
    assert_eq!(system.wait_until_stored(&id).await, notified);
    assert_eq!(system.count_rows_of_customer(&sample).await, 1);
}
