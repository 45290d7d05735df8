//! Everything that the system does, so that it uses every permission: orders, dead letters and outages.

use order_core::{CancellationMessage, Order, OrderConfirmed, OrderId, OrderMessage, event};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{System, sample};

/// Runs all flows. It ends only if all of them work.
pub(crate) async fn run_all(system: &System) {
    // First, because a notifier that has seen a subscriber assumes one for a minute.
    let late = place_without_subscriber(system).await;
    tokio::join!(
        process_order(system),
        dead_letter_poison(system),
        system.wait_for_status(&late, "notified")
    );
    put_off_poison(system).await;
    lose_table(system).await;
    lose_queue(system).await;
    lose_orders_queue(system).await;
}

/// Processes an order whose message comes twice. It is stored once (the copy is compared with the row), notified, read
/// alone and in its customer's list, and cancelled, and its idempotency key is refused for another order.
async fn process_order(system: &System) {
    let id = place(system, &sample(), "processed").await;
    system.wait_for_status(&id, "notified").await;
    let order = Order::restore(&sample()).unwrap();
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let copy = OrderMessage::new(id.parse().unwrap(), accepted_at, order);
    system.send("orders", &copy.to_json()).await;
    system.wait_until_empty("orders").await;
    system.wait_until_listed(&id).await;
    let cancellation = CancellationMessage {
        order_id: id.parse().unwrap(),
        requested_at: accepted_at,
    };
    system.send("orders", &cancellation.to_json()).await;
    system.wait_for_status(&id, "cancelled").await;
    let mut other = sample();
    other["note"] = json!("another order");
    system.wait_for_reused_key(&other, "processed").await;
    for function in ["order-api", "order-worker", "notifier"] {
        system.wait_for_log(function, "{").await;
    }
}

/// Sends messages that can never succeed. Each function dead-letters its own, and order-worker marks the order that it names.
async fn dead_letter_poison(system: &System) {
    let poison = json!({"order_id": Uuid::now_v7()}).to_string();
    for queue in ["orders", "notifications"] {
        system.send(queue, &poison).await;
    }
    for queue in ["orders-dlq", "notifications-dlq"] {
        system.wait_for_messages(queue, "1").await;
    }
}

/// Sends poison that has no room for a reason beside its attributes. It is put off in its queue.
async fn put_off_poison(system: &System) {
    for queue in ["orders", "notifications"] {
        system
            .send_with_attributes(queue, "poison without room", 10)
            .await;
        let function = if queue == "orders" {
            "order-worker"
        } else {
            "notifier"
        };
        system.wait_for_log(function, "is put off in its queue").await;
        system.wait_for_kind(queue, "NotVisible").await;
    }
}

/// Places an order while the emails have no subscriber, and then subscribes again. The order is notified later, long before
/// its visibility timeout would end. Returns its id.
async fn place_without_subscriber(system: &System) -> String {
    let subscriptions = system.running.services().sns.subscriptions().await.unwrap();
    let subscriptions = serde_json::to_value(&subscriptions).unwrap();
    let is_email = |subscription: &&Value| subscription["protocol"] == "email";
    let email = subscriptions.as_array().unwrap().iter().find(is_email).unwrap();
    let text = |field: &str| email[field].as_str().unwrap();
    system
        .sns(&[
            ("Action", "Unsubscribe"),
            ("SubscriptionArn", text("subscription_arn")),
        ])
        .await;
    let id = place(system, &sample(), "without-subscriber").await;
    system.wait_for_log("notifier", "no_subscriber").await;
    let subscribe = [
        ("Action", "Subscribe"),
        ("TopicArn", text("topic_arn")),
        ("Protocol", "email"),
        ("Endpoint", text("endpoint")),
    ];
    system.sns(&subscribe).await;
    id
}

/// Places an order while there is no table. It is stored later, long before its visibility timeout would end.
async fn lose_table(system: &System) {
    let stack = system.running.stack();
    let table = stack.tables.iter().find(|table| table.name == "orders").unwrap();
    let delete = json!({"TableName": table.name});
    system.call("DynamoDB_20120810.DeleteTable", delete).await;
    let id = place(system, &sample(), "outage").await;
    // The claim of the key is read. Several times, because a call that takes too long is given up.
    for _ in 0..3 {
        system.place(&sample(), "outage").await;
    }
    system.wait_for_log("order-worker", &id).await;
    // A message of a retry queue that fails stays in its retry queue.
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let order = || Order::restore(&sample()).unwrap();
    let event = OrderConfirmed {
        order_id: OrderId::new(Uuid::now_v7()),
        accepted_at,
        confirmed_at: accepted_at,
        order: order(),
        trace: None,
    };
    system.send("notifications-retry", &event.to_json()).await;
    let alone = OrderMessage::new(OrderId::new(Uuid::now_v7()), accepted_at, order());
    system.send("orders-retry", &alone.to_json()).await;
    for queue in ["orders-retry", "notifications-retry"] {
        system.wait_for_kind(queue, "Delayed").await;
    }
    let create = table.create.clone();
    system
        .running
        .services()
        .dynamodb
        .converge_table(create, None)
        .await
        .unwrap();
    system.wait_for_status(&id, "notified").await;
}

/// Publishes an event while its queue does not exist. It goes to the subscription's dead-letter queue.
async fn lose_queue(system: &System) {
    let delete = json!({"QueueUrl": "notifications"});
    system.call("AmazonSQS.DeleteQueue", delete).await;
    let topic = system.running.services().sns.arn("order-events");
    system
        .sns(&[
            ("Action", "Publish"),
            ("TopicArn", &topic),
            ("Message", "undeliverable"),
            ("MessageAttributes.entry.1.Name", "event_type"),
            ("MessageAttributes.entry.1.Value.DataType", "String"),
            ("MessageAttributes.entry.1.Value.StringValue", event::TYPE),
        ])
        .await;
    system.wait_for_messages("notifications-delivery-dlq", "1").await;
}

/// Places an order while its queue does not exist. Its key is released.
async fn lose_orders_queue(system: &System) {
    let delete = json!({"QueueUrl": "orders"});
    system.call("AmazonSQS.DeleteQueue", delete).await;
    assert_eq!(system.place(&sample(), "not-enqueued").await, None);
    system.wait_for_log("order-api", "order not enqueued").await;
}

/// Places an order. If it is not accepted, the flows cannot continue: the caller sees the denial, or its timeout.
async fn place(system: &System, order: &Value, key: &str) -> String {
    match system.place(order, key).await {
        Some(id) => id,
        None => std::future::pending().await,
    }
}
