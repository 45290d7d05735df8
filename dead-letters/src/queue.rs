//! The two queues that have a dead-letter queue.

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Serialize};

use stack_client::{Connection, Resource, Target, queue};

/// A queue whose failures are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueName {
    /// Accepted orders
    Orders,
    /// Confirmed orders that are to be emailed
    Notifications,
}

impl QueueName {
    /// The one that was asked for, or both.
    #[must_use]
    pub fn chosen(one: Option<Self>) -> Vec<Self> {
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

    /// The queue of its dead letters.
    #[must_use]
    pub fn dead_letter_name(self) -> &'static str {
        match self {
            Self::Orders => "orders-dlq",
            Self::Notifications => "notifications-dlq",
        }
    }
}

/// A dead-letter queue and the queue whose failures it keeps.
#[derive(Debug)]
pub struct DeadLetterQueue {
    /// Which of the two.
    pub(super) name: QueueName,
    /// Where its letters come from and go back to, as a URL.
    pub(super) source_url: String,
    /// Its own URL.
    pub(super) url: String,
    pub(super) sqs: Client,
    /// Seconds that a receive waits: on AWS one that does not wait asks a part of the queue's servers only, and may
    /// come back empty although there are letters.
    pub(super) receive_wait_seconds: i32,
}

impl DeadLetterQueue {
    /// Finds a queue of the system.
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

    /// Its name, as its URL has it.
    pub(super) fn label(&self) -> &str {
        queue::name_in_url(&self.url)
    }

    /// How many letters it holds, as SQS counts them: approximately, and on AWS up to a minute late.
    pub(super) async fn counts(&self) -> anyhow::Result<Counts> {
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
        Ok(Counts {
            visible: count(ApproximateNumberOfMessages).unwrap_or(0),
            hidden: count(ApproximateNumberOfMessagesNotVisible).unwrap_or(0),
        })
    }

    /// A queue's ARN by its URL.
    pub(super) async fn arn(&self, url: &str) -> anyhow::Result<String> {
        queue::arn_by_url(&self.sqs, url).await
    }
}

/// How many messages a queue holds, approximately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Those that a receive can get.
    pub(super) visible: u64,
    /// Those that some receiver holds.
    pub(super) hidden: u64,
}
