//! Other systems can subscribe to confirmed orders, and get the events that match their filter policy.

use std::collections::HashMap;

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Sandbox, System, eventually, sample};

/// A queue of the test that is subscribed to confirmed orders.
struct Subscriber {
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    queue_url: String,
    subscription_arn: String,
}

impl Subscriber {
    async fn subscribe(system: &System, event_type: &str) -> Self {
        let (sqs, sns) = (system.sqs().await, system.sns().await);
        let topic_arn = system.topic_arn("order-events").await;
        let name = format!("subscriber-{}", Uuid::new_v4());
        // The queue's ARN is known before the queue exists: account and region are those of the topic.
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

    /// Receives and deletes the events on the queue. Each is with its message.
    async fn take_events(&self) -> Vec<(Value, Message)> {
        let request = self
            .sqs
            .receive_message()
            .queue_url(&self.queue_url)
            .message_system_attribute_names(MessageSystemAttributeName::All)
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
            let delete = delete.receipt_handle(message.receipt_handle.as_ref().unwrap());
            delete.send().await.unwrap();
            events.push((
                serde_json::from_str(message.body.as_ref().unwrap()).unwrap(),
                message,
            ));
        }
        events
    }

    async fn wait_for_event(&self, order_id: &str) -> (Value, Message) {
        eventually(&format!("the event of {order_id} has come"), async || {
            let events = self.take_events().await;
            events.into_iter().find(|(event, _)| event["subject"] == order_id)
        })
        .await
    }

    /// Deletes the subscription and the queue, which would otherwise stay on a shared stack.
    async fn unsubscribe(self) {
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
async fn a_subscriber_gets_the_events_that_match_its_filter() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let confirmed = Subscriber::subscribe(&system, "orders.order.confirmed.v1").await;
    let other = Subscriber::subscribe(&system, "orders.order.shipped.v1").await;
    // When the second event has come, the first one has had time to reach the wrong queue.
    for _ in 0..2 {
        let order = sample("order.json");
        let id = system.place(&order).await;
        let (event, _) = confirmed.wait_for_event(&id).await;
        assert_eq!(event["type"], "orders.order.confirmed.v1");
        assert_eq!(event["data"]["order"]["items"], order["items"], "{event}");
    }
    assert_eq!(other.take_events().await, []);
    confirmed.unsubscribe().await;
    other.unsubscribe().await;
}

#[tokio::test]
async fn an_order_keeps_its_trace_and_its_group_from_the_request_to_the_subscriber() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let subscriber = Subscriber::subscribe(&system, "orders.order.confirmed.v1").await;
    let order = sample("order.json");
    let trace_id = Uuid::new_v4().simple().to_string();
    let traceparent = format!("00-{trace_id}-b7ad6b7169203331-01");
    let answer = system
        .request(|http, url| {
            let request = http.post(format!("{url}/orders")).json(&order);
            request.header("traceparent", &traceparent)
        })
        .await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let id = answer.body["order_id"].as_str().unwrap();
    let (event, message) = subscriber.wait_for_event(id).await;
    assert_eq!(event["traceparent"], traceparent, "{event}");
    let system_attributes = message.attributes.unwrap();
    // An event that shares its call with events of other traces has its trace in the event alone. Nobody else places orders meanwhile.
    assert_eq!(
        system_attributes[&MessageSystemAttributeName::AwsTraceHeader]
            .split(";Lineage")
            .next()
            .unwrap(),
        format!(
            "Root=1-{}-{};Parent=b7ad6b7169203331;Sampled=1",
            &trace_id[..8],
            &trace_id[8..]
        )
    );
    // The group of customer-1001, whose id it does not show.
    assert_eq!(
        system_attributes[&MessageSystemAttributeName::MessageGroupId],
        "e30a606a038b9df4507d4f030b5e1df0"
    );
    subscriber.unsubscribe().await;
}

#[tokio::test]
async fn an_order_without_a_trace_of_its_client_has_that_of_the_gateway() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let subscriber = Subscriber::subscribe(&system, "orders.order.confirmed.v1").await;
    let answer = system.post(&sample("order.json")).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    // API Gateway answers with the trace that it gave to the request: `Root=1-67891233-abcdef012345678912345678`.
    let header = answer.headers["x-amzn-trace-id"].to_str().unwrap();
    let root = header
        .split(';')
        .find_map(|field| field.trim().strip_prefix("Root=1-"));
    let trace_id = root.unwrap().replace('-', "");
    let (event, _) = subscriber
        .wait_for_event(answer.body["order_id"].as_str().unwrap())
        .await;
    let traceparent = event["traceparent"].as_str().unwrap();
    assert!(
        traceparent.starts_with(&format!("00-{trace_id}-")),
        "{traceparent} {header}"
    );
    subscriber.unsubscribe().await;
}
