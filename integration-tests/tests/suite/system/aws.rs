//! The system's queues, topics and table, through the SDKs of AWS.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::handle::{Kind, System};
use super::wait::eventually;

impl System {
    pub(crate) async fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.sdk_config().await)
    }

    pub(crate) async fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.sdk_config().await)
    }

    pub(crate) async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk_config().await)
    }

    async fn sdk_config(&self) -> aws_config::SdkConfig {
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12());
        match &self.kind {
            Kind::Own(_) => {
                config
                    .endpoint_url(&self.aws_endpoint_url)
                    .region("us-east-1")
                    .credentials_provider(aws_sdk_sqs::config::Credentials::for_tests())
                    .load()
                    .await
            }
            // The SDK reads endpoint, region and credentials from the environment.
            Kind::Shared { .. } => config.load().await,
        }
    }

    /// The name in this system of a queue, topic or table of the template.
    fn physical_name(&self, name: &str) -> String {
        match &self.kind {
            Kind::Own(_) => name.to_owned(),
            Kind::Shared { stack, .. } => stack.physical_name(name),
        }
    }

    /// Finds a queue's URL by its name in the template.
    pub(crate) async fn queue_url(&self, sqs: &aws_sdk_sqs::Client, queue: &str) -> String {
        let request = sqs.get_queue_url().queue_name(self.physical_name(queue));
        request.send().await.unwrap().queue_url.unwrap()
    }

    /// Finds a topic's ARN by its name in the template.
    pub(crate) async fn topic_arn(&self, topic: &str) -> String {
        let end = format!(":{}", self.physical_name(topic));
        let topics = self.sns().await.list_topics().into_paginator().items().send();
        let topics: Vec<_> = topics.collect::<Result<_, _>>().await.unwrap();
        let mut arns = topics.into_iter().filter_map(|topic| topic.topic_arn);
        arns.find(|arn| arn.ends_with(&end)).unwrap()
    }

    /// Sends a message to a queue, without the API.
    pub(crate) async fn send(&self, queue: &str, body: &str) {
        let sqs = self.sqs().await;
        sqs.send_message()
            .queue_url(self.queue_url(&sqs, queue).await)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    /// Counts the messages of a queue, in flight or not. On a shared stack this includes those of other tests.
    pub(crate) async fn count_messages(&self, queue: &str) -> u64 {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let sqs = self.sqs().await;
        let request = sqs
            .get_queue_attributes()
            .queue_url(self.queue_url(&sqs, queue).await)
            .set_attribute_names(Some(names.to_vec()));
        let attributes = request.send().await.unwrap().attributes.unwrap();
        names
            .iter()
            .map(|name| attributes[name].parse::<u64>().unwrap())
            .sum()
    }

    /// Waits until a queue has no message, in flight or not.
    pub(crate) async fn wait_until_empty(&self, queue: &str) {
        eventually(&format!("the queue {queue} is empty"), async || {
            (self.count_messages(queue).await == 0).then_some(())
        })
        .await;
    }

    /// Counts the rows of the table. On a shared stack this includes those of other tests.
    pub(crate) async fn count_rows(&self) -> usize {
        self.scan_table().await.len()
    }

    /// Counts the rows of the customer of `order`. With an order of
    /// [`sample_of_new_customer`](super::sample_of_new_customer) these are the test's own rows, on a shared stack too.
    pub(crate) async fn count_rows_of_customer(&self, order: &Value) -> usize {
        let customer = AttributeValue::S(order["customer"]["id"].as_str().unwrap().to_owned());
        let items = self.scan_table().await;
        items
            .iter()
            .filter(|item| item.get("customer_id") == Some(&customer))
            .count()
    }

    async fn scan_table(&self) -> Vec<HashMap<String, AttributeValue>> {
        let dynamodb = self.dynamodb().await;
        let scan = dynamodb
            .scan()
            .table_name(self.physical_name("orders"))
            .consistent_read(true);
        let items = scan.into_paginator().items().send();
        items.collect::<Result<_, _>>().await.unwrap()
    }
}
