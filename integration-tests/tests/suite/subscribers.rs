//! Anyone else may subscribe to confirmed orders, and gets what their filter lets through.

use std::collections::HashMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Home, System, eventually, sample};

/// A queue of the test's own that is subscribed to confirmed orders.
struct Subscriber {
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    queue_url: String,
    subscription_arn: String,
}

impl Subscriber {
    async fn to(system: &System, event_type: &str) -> Self {
        let (sqs, sns) = (system.sqs().await, system.sns().await);
        let topic_arn = system.topic_arn("order-events").await;
        let name = format!("subscriber-{}", Uuid::new_v4());
        // A queue's ARN is known before it is made: it stands beside the topic.
        let queue_arn = topic_arn.replace(":sns:", ":sqs:");
        let queue_arn = format!("{}:{name}", queue_arn.rsplit_once(':').unwrap().0);
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
        }]});
        let created = sqs.create_queue().queue_name(name);
        let created = created.attributes(aws_sdk_sqs::types::QueueAttributeName::Policy, policy.to_string());
        let queue_url = created.send().await.unwrap().queue_url.unwrap();
        let attributes = HashMap::from([
            ("RawMessageDelivery".to_owned(), "true".to_owned()),
            (
                "FilterPolicy".to_owned(),
                json!({"event_type": [event_type]}).to_string(),
            ),
        ]);
        let subscribed = sns.subscribe().topic_arn(topic_arn).protocol("sqs");
        let subscribed = subscribed
            .endpoint(queue_arn)
            .set_attributes(Some(attributes))
            .return_subscription_arn(true);
        let subscription_arn = subscribed.send().await.unwrap().subscription_arn.unwrap();
        Self {
            sqs,
            sns,
            queue_url,
            subscription_arn,
        }
    }

    /// The events that have come since the last look, removed from the queue.
    async fn events(&self) -> Vec<Value> {
        let request = self
            .sqs
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(10);
        let messages = request
            .wait_time_seconds(1)
            .send()
            .await
            .unwrap()
            .messages
            .unwrap_or_default();
        let mut events = Vec::new();
        for message in messages {
            let delete = self.sqs.delete_message().queue_url(&self.queue_url);
            let delete = delete.receipt_handle(message.receipt_handle.unwrap());
            delete.send().await.unwrap();
            events.push(serde_json::from_str(&message.body.unwrap()).unwrap());
        }
        events
    }

    async fn event_about(&self, order_id: &str) -> Value {
        eventually(&format!("an event tells of {order_id}"), async || {
            let events = self.events().await;
            events.into_iter().find(|event| event["subject"] == order_id)
        })
        .await
    }

    /// On a shared stack it must not go on receiving.
    async fn end(self) {
        let unsubscribe = self.sns.unsubscribe().subscription_arn(self.subscription_arn);
        unsubscribe.send().await.unwrap();
        self.sqs
            .delete_queue()
            .queue_url(self.queue_url)
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_subscriber_gets_what_its_filter_lets_through() {
    let home = Home::new();
    let system = home.start().await;
    let confirmed = Subscriber::to(&system, "orders.order.confirmed.v1").await;
    let other = Subscriber::to(&system, "orders.order.cancelled.v1").await;
    // The second order gives the first time to reach the wrong queue.
    for _ in 0..2 {
        let order = sample("order.json");
        let id = system.place(&order).await;
        let event = confirmed.event_about(&id).await;
        assert_eq!(event["type"], "orders.order.confirmed.v1");
        assert_eq!(event["data"]["order"]["items"], order["items"], "{event}");
    }
    assert_eq!(other.events().await, [] as [Value; 0]);
    confirmed.end().await;
    other.end().await;
}
