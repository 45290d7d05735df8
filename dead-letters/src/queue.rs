//! The dead-letter queues.

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde::{Deserialize, Serialize};

use stack_client::{Connection, Resource, Target, queue};
use terminal::text::sanitize_line;

/// A dead-letter queue, by the messages that fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueueName {
    /// Accepted orders
    Orders,
    /// Confirmed orders that are to be emailed
    Notifications,
    /// Emails that SNS could not deliver
    Emails,
    /// Covers of the shop that cover-resizer could not make
    Covers,
}

impl QueueName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Orders, Self::Notifications, Self::Emails, Self::Covers];

    /// Those in which a message about an order can be.
    pub const OF_ORDERS: [Self; 3] = [Self::Orders, Self::Notifications, Self::Emails];

    /// Those of messages that a service could not process, and that it processes again after a replay.
    pub const OF_SERVICES: [Self; 2] = [Self::Orders, Self::Notifications];

    /// The queue that was named, or all.
    pub(super) fn selected(one: Option<Self>) -> Vec<Self> {
        one.map_or_else(|| Self::ALL.to_vec(), |queue| vec![queue])
    }

    /// The queue's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Notifications => "notifications",
            Self::Emails => "emails",
            Self::Covers => "covers",
        }
    }

    /// The name of its dead-letter queue.
    #[must_use]
    pub fn dead_letter_name(self) -> &'static str {
        match self {
            Self::Orders => "orders-dlq",
            Self::Notifications => "notifications-dlq",
            Self::Emails => "emails-delivery-dlq",
            Self::Covers => "shop-covers-failed",
        }
    }

    fn resource(self) -> Resource {
        match self {
            Self::Orders => Resource::OrdersDlqUrl,
            Self::Notifications => Resource::NotificationsDlqUrl,
            Self::Emails => Resource::EmailsDeliveryDlqUrl,
            Self::Covers => Resource::CoversFailedQueueUrl,
        }
    }
}

/// A dead-letter queue.
#[derive(Debug)]
pub struct DeadLetterQueue {
    /// Which of them.
    pub(super) name: QueueName,
    /// Its URL.
    pub(super) url: String,
    pub(super) sqs: Client,
    /// Seconds that a receive waits. On AWS a receive that does not wait (short polling) asks only some of the queue's
    /// servers, and may return nothing although there are letters.
    pub(super) receive_wait_seconds: i32,
}

impl DeadLetterQueue {
    /// The queue that was named, or all that there are. Someone who names the resources one by one may leave the queue of emails out.
    /// The queue of covers is left out without a word where there is no shop, or where the shop is another stack.
    pub(super) async fn open_selected(
        connection: &Connection,
        one: Option<QueueName>,
    ) -> anyhow::Result<Vec<Self>> {
        let mut queues = Vec::new();
        for name in QueueName::selected(one) {
            match Self::open(connection, name).await {
                Ok(queue) if name == QueueName::Covers && one.is_none() => {
                    if queue.counts().await.is_ok() {
                        queues.push(queue);
                    }
                }
                Ok(queue) => queues.push(queue),
                Err(_) if name == QueueName::Covers && one.is_none() => {}
                Err(error) if name == QueueName::Emails && one.is_none() => {
                    let reason = sanitize_line(&format!("{error:#}"));
                    eprintln!("{} is left out: {reason}", name.dead_letter_name());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(queues)
    }

    /// The queues in which a message about an order can be.
    pub async fn open_of_orders(connection: &Connection) -> anyhow::Result<Vec<Self>> {
        let mut queues = Vec::new();
        for name in QueueName::OF_ORDERS {
            queues.push(Self::open(connection, name).await?);
        }
        Ok(queues)
    }

    /// Looks up the URL of a dead-letter queue.
    pub async fn open(connection: &Connection, name: QueueName) -> anyhow::Result<Self> {
        Ok(Self {
            name,
            url: connection.resource(name.resource()).await?,
            sqs: connection.sqs().await?,
            receive_wait_seconds: match connection.target() {
                Target::Local => 0,
                Target::Aws => 1,
            },
        })
    }

    /// The queue's name: the last part of its URL.
    #[must_use]
    pub fn label(&self) -> &str {
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
