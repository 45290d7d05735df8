//! What the system does, so that every permission is used: the line, the dead letters, the outages.

use order_core::{Order, OrderMessage};
use serde_json::{Value, json};

use crate::system::{System, sample};

/// Everything, in order. It ends only if all of it works.
pub(crate) async fn all(system: &System) {
    // First, because a notifier that has seen a subscriber believes in it for a minute.
    let late = nobody_subscribed(system).await;
    tokio::join!(
        line(system),
        dead_letters(system),
        system.order_is(&late, "notified")
    );
    table_gone(system).await;
    queue_gone(system).await;
}

/// An order whose message comes twice: stored once (the copy is compared with the row), told of,
/// shown alone and among its customer's, and its key is good for no other order.
async fn line(system: &System) {
    let id = place(system, &sample(), "line").await;
    system.order_is(&id, "notified").await;
    let order = Order::parse(&sample()).unwrap();
    let accepted_at = "2026-11-23T09:35:00.123Z".parse().unwrap();
    let copy = OrderMessage::new(id.parse().unwrap(), accepted_at, order);
    system.send("orders", &copy.to_json()).await;
    system.is_empty("orders").await;
    system.is_listed(&id).await;
    let mut other = sample();
    other["note"] = json!("another order");
    system.is_refused_in_bulk(&other, "line").await;
    for function in ["order-api", "order-worker", "notifier"] {
        system.logged(function, "{").await;
    }
}

/// What can never succeed is set aside by whoever finds it.
async fn dead_letters(system: &System) {
    for queue in ["orders", "notifications"] {
        system.send(queue, "poison").await;
    }
    for queue in ["orders-dlq", "notifications-dlq"] {
        system.holds(queue, "1").await;
    }
}

/// An order that nobody could be told of will be told of later: far sooner than its visibility timeout would end.
async fn nobody_subscribed(system: &System) -> String {
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
    let id = place(system, &sample(), "nobody").await;
    system.logged("notifier", "no_subscriber").await;
    let subscribe = [
        ("Action", "Subscribe"),
        ("TopicArn", text("topic_arn")),
        ("Protocol", "email"),
        ("Endpoint", text("endpoint")),
    ];
    system.sns(&subscribe).await;
    id
}

/// An order that could not be stored is stored later: far sooner than its visibility timeout would end.
async fn table_gone(system: &System) {
    let table = &system.running.stack().tables[0];
    let delete = json!({"TableName": table.name});
    system.call("DynamoDB_20120810.DeleteTable", delete).await;
    let id = place(system, &sample(), "outage").await;
    system.logged("order-worker", &id).await;
    let create = table.create.clone();
    system
        .running
        .services()
        .dynamodb
        .converge_table(create)
        .await
        .unwrap();
    system.order_is(&id, "notified").await;
}

/// An event that cannot be delivered waits in the subscription's dead-letter queue.
async fn queue_gone(system: &System) {
    let delete = json!({"QueueUrl": "notifications"});
    system.call("AmazonSQS.DeleteQueue", delete).await;
    let topic = system.running.services().sns.arn("order-events");
    system
        .sns(&[
            ("Action", "Publish"),
            ("TopicArn", &topic),
            ("Message", "undeliverable"),
        ])
        .await;
    system.holds("notifications-delivery-dlq", "1").await;
}

/// Places an order; where none is accepted, there is nothing to go on with.
async fn place(system: &System, order: &Value, key: &str) -> String {
    match system.place(order, key).await {
        Some(id) => id,
        None => std::future::pending().await,
    }
}
