//! The system's queues and table, through SDKs that we did not write.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::{Kind, System, eventually};

impl System {
    /// An SQS client that we did not write.
    pub(crate) async fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.sdk_config().await)
    }

    /// An SNS client that we did not write.
    pub(crate) async fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.sdk_config().await)
    }

    /// A DynamoDB client that we did not write.
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
            // Endpoint, region and credentials are the environment's.
            Kind::Shared { .. } => config.load().await,
        }
    }

    /// What a queue or table of the template is called in this system.
    fn physical_name(&self, name: &str) -> String {
        match &self.kind {
            Kind::Own(_) => name.to_owned(),
            Kind::Shared { stack, .. } => stack.physical_name(name),
        }
    }

    /// A queue's URL by its name in the template.
    pub(crate) async fn queue_url(&self, sqs: &aws_sdk_sqs::Client, queue: &str) -> String {
        let request = sqs.get_queue_url().queue_name(self.physical_name(queue));
        request.send().await.unwrap().queue_url.unwrap()
    }

    /// A topic's ARN by its name in the template.
    pub(crate) async fn topic_arn(&self, topic: &str) -> String {
        let end = format!(":{}", self.physical_name(topic));
        let topics = self.sns().await.list_topics().into_paginator().items().send();
        let topics: Vec<_> = topics.collect::<Result<_, _>>().await.unwrap();
        let mut arns = topics.into_iter().filter_map(|topic| topic.topic_arn);
        arns.find(|arn| arn.ends_with(&end)).unwrap()
    }

    /// Puts a body on a queue, past the API.
    pub(crate) async fn send(&self, queue: &str, body: &str) {
        let sqs = self.sqs().await;
        sqs.send_message()
            .queue_url(self.queue_url(&sqs, queue).await)
            .message_body(body)
            .send()
            .await
            .unwrap();
    }

    /// How many messages a queue holds, in flight or not; on a shared stack other tests' too.
    pub(crate) async fn queue_depth(&self, queue: &str) -> u64 {
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

    /// After how many receives a queue gives a message up.
    pub(crate) async fn max_receive_count(&self, queue: &str) -> u64 {
        let sqs = self.sqs().await;
        let request = sqs
            .get_queue_attributes()
            .queue_url(self.queue_url(&sqs, queue).await)
            .attribute_names(QueueAttributeName::RedrivePolicy);
        let attributes = request.send().await.unwrap().attributes.unwrap();
        let policy: Value = serde_json::from_str(&attributes[&QueueAttributeName::RedrivePolicy]).unwrap();
        // SQS tells it as a number, or as the text that it was given.
        let count = &policy["maxReceiveCount"];
        count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap()
    }

    /// Waits until a queue holds nothing, in flight or not.
    pub(crate) async fn emptied(&self, queue: &str) {
        eventually(&format!("the queue {queue} is empty"), async || {
            (self.queue_depth(queue).await == 0).then_some(())
        })
        .await;
    }

    /// How many rows the table holds; on a shared stack other tests' too.
    pub(crate) async fn rows(&self) -> usize {
        self.items().await.len()
    }

    /// How many rows there are of the customer of `order`: on a shared stack too the test's own, if it made the
    /// customer up by [`sample_of_new_customer`](super::sample_of_new_customer).
    pub(crate) async fn rows_of_customer(&self, order: &Value) -> usize {
        let customer = AttributeValue::S(order["customer"]["id"].as_str().unwrap().to_owned());
        let items = self.items().await;
        items
            .iter()
            .filter(|item| item["customer_id"] == customer)
            .count()
    }

    async fn items(&self) -> Vec<HashMap<String, AttributeValue>> {
        let dynamodb = self.dynamodb().await;
        let scan = dynamodb
            .scan()
            .table_name(self.physical_name("orders"))
            .consistent_read(true);
        let items = scan.into_paginator().items().send();
        items.collect::<Result<_, _>>().await.unwrap()
    }
}
