//! The dead-letter queues, and the queues that they belong to.

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Serialize};

use stack_client::{Connection, Resource, Target, queue};

/// A queue that has a dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueName {
    /// Accepted orders
    Orders,
    /// Confirmed orders that are to be emailed
    Notifications,
}

impl QueueName {
    /// The queue that was named, or both.
    #[must_use]
    pub fn selected(one: Option<Self>) -> Vec<Self> {
        one.map_or_else(|| vec![Self::Orders, Self::Notifications], |queue| vec![queue])
    }

    /// The queue's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Notifications => "notifications",
        }
    }

    /// The name of its dead-letter queue.
    #[must_use]
    pub fn dead_letter_name(self) -> &'static str {
        match self {
            Self::Orders => "orders-dlq",
            Self::Notifications => "notifications-dlq",
        }
    }
}

/// A dead-letter queue and its source queue.
#[derive(Debug)]
pub struct DeadLetterQueue {
    /// Which of the two.
    pub(super) name: QueueName,
    /// The source queue's URL: letters come from it and are replayed to it.
    pub(super) source_url: String,
    /// Its own URL.
    pub(super) url: String,
    pub(super) sqs: Client,
    /// Seconds that a receive waits. On AWS a receive that does not wait (short polling) asks only some of the queue's
    /// servers, and may return nothing although there are letters.
    pub(super) receive_wait_seconds: i32,
}

impl DeadLetterQueue {
    /// Looks up the URLs of a dead-letter queue and its source queue.
    pub async fn open(connection: &Connection, name: QueueName) -> anyhow::Result<Self> {
        let (source, letters) = match name {
            QueueName::Orders => (Resource::OrdersQueueUrl, Resource::OrdersDlqUrl),
            QueueName::Notifications => (Resource::NotificationsQueueUrl, Resource::NotificationsDlqUrl),
        };
        Ok(Self {
            name,
            source_url: connection.resource(source).await?,
            url: connection.resource(letters).await?,
            sqs: connection.sqs().await?,
            receive_wait_seconds: match connection.target() {
                Target::Local => 0,
                Target::Aws => 1,
            },
        })
    }

    /// The queue's name: the last part of its URL.
    pub(super) fn label(&self) -> &str {
        queue::name_in_url(&self.url)
    }

    /// The number of letters, as SQS counts them: approximate, and on AWS up to a minute old.
    pub(super) async fn counts(&self) -> anyhow::Result<MessageCounts> {
        use QueueAttributeName::{ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible};

        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(ApproximateNumberOfMessages)
            .attribute_names(ApproximateNumberOfMessagesNotVisible)
            .send()
            .await
            .with_context(|| format!("the queue {} cannot be reached", self.label()))?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name| {
            let count = attributes.get(&name)?;
            count.parse().ok()
        };
        Ok(MessageCounts {
            visible: count(ApproximateNumberOfMessages).unwrap_or(0),
            hidden: count(ApproximateNumberOfMessagesNotVisible).unwrap_or(0),
        })
    }

    /// A queue's ARN by its URL.
    pub(super) async fn arn(&self, url: &str) -> anyhow::Result<String> {
        queue::read_arn_by_url(&self.sqs, url).await
    }
}

/// The approximate number of messages in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MessageCounts {
    /// Messages that a receive can return.
    pub(super) visible: u64,
    /// Messages in flight: a receiver holds them.
    pub(super) hidden: u64,
}
