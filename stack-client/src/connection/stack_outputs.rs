//! The outputs of the stack: the names of its queues, tables and topics, and its settings.

use anyhow::Context;

use super::stack::Stack;
use super::{Connection, Resource, Target, local};

impl Connection {
    /// A queue's URL, the table's name or the topic's ARN, from an option or from the stack's outputs.
    pub async fn resource(&self, resource: Resource) -> anyhow::Result<String> {
        let given = match resource {
            Resource::OrdersQueueUrl => &self.orders_queue_url,
            Resource::OrdersRetryQueueUrl => &self.orders_retry_queue_url,
            Resource::OrdersDlqUrl => &self.orders_dlq_url,
            Resource::NotificationsQueueUrl => &self.notifications_queue_url,
            Resource::NotificationsRetryQueueUrl => &self.notifications_retry_queue_url,
            Resource::NotificationsDlqUrl => &self.notifications_dlq_url,
            Resource::EmailsDeliveryDlqUrl => &self.emails_delivery_dlq_url,
            Resource::CoversFailedQueueUrl => &self.covers_failed_queue_url,
            Resource::OrdersTableName => &self.orders_table,
            Resource::CustomerIndexName => &self.customer_index,
            Resource::ClaimsTableName => &self.claims_table,
            Resource::OrderEventsTopicArn => &self.order_events_topic_arn,
            Resource::OrderEmailsTopicArn => &self.order_emails_topic_arn,
        };
        match (Self::non_empty(given.as_ref()), self.target) {
            (Some(value), _) => Ok(value.to_owned()),
            (None, Target::Local) => Ok(self.stack().await?.output_or_default(resource)),
            (None, Target::Aws) => self
                .stack()
                .await?
                .output(resource.output())
                .map(str::to_owned)
                .with_context(|| format!("name it by {}", resource.flag())),
        }
    }

    /// The name of the stack on AWS.
    #[must_use]
    pub fn stack_name(&self) -> &str {
        &self.stack
    }

    /// When the stack on AWS was created, in RFC 3339. `None` on this machine.
    pub async fn created_at(&self) -> anyhow::Result<Option<String>> {
        Ok(self.stack().await?.created_at().map(str::to_owned))
    }

    /// An output of the stack that says how it is set up. `None` if it has none: an older stack, or no stack at all.
    pub async fn setting(&self, output: &str) -> anyhow::Result<Option<String>> {
        Ok(self.stack().await?.output(output).ok().map(str::to_owned))
    }

    /// The stack. It is read at most once, and only if an option does not name what is needed.
    pub(super) async fn stack(&self) -> anyhow::Result<&Stack> {
        self.known_stack
            .get_or_try_init(async || match self.target {
                // The outputs in the data directory may belong to another system than the given endpoint.
                Target::Local if self.aws_endpoint_url.is_some() => Ok(Stack::default()),
                Target::Local => local::stack(self.data_dir()),
                Target::Aws => Stack::describe(&self.sdk_config().await?, &self.stack).await,
            })
            .await
    }
}
