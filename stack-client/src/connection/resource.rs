//! The resources of the template that clients call.

/// A resource that an output of `template.yaml` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The queue of accepted orders, by its URL.
    OrdersQueueUrl,
    /// The queue of orders whose process died twice, by its URL.
    OrdersRetryQueueUrl,
    /// Their dead-letter queue, by its URL.
    OrdersDlqUrl,
    /// The queue of confirmed orders, by its URL.
    NotificationsQueueUrl,
    /// The queue of notifications whose process died twice, by its URL.
    NotificationsRetryQueueUrl,
    /// Their dead-letter queue, by its URL.
    NotificationsDlqUrl,
    /// The queue of emails that SNS could not deliver, by its URL.
    EmailsDeliveryDlqUrl,
    /// The queue of the events on which the shop's cover-resizer failed, by its URL. An output of the shop's stack.
    CoversFailedQueueUrl,
    /// The table of orders, by its name.
    OrdersTableName,
    /// The index of the table of orders by which the orders of a customer are found, by its name.
    CustomerIndexName,
    /// The table of the claims of idempotency keys and of the marks of failed orders, by its name.
    ClaimsTableName,
    /// The topic of confirmed orders, by its ARN.
    OrderEventsTopicArn,
    /// The topic of the emails, by its ARN.
    OrderEmailsTopicArn,
}

impl Resource {
    /// The output's name.
    #[must_use]
    pub fn output(self) -> &'static str {
        match self {
            Self::OrdersQueueUrl => "OrdersQueueUrl",
            Self::OrdersRetryQueueUrl => "OrdersRetryQueueUrl",
            Self::OrdersDlqUrl => "OrdersDlqUrl",
            Self::NotificationsQueueUrl => "NotificationsQueueUrl",
            Self::NotificationsRetryQueueUrl => "NotificationsRetryQueueUrl",
            Self::NotificationsDlqUrl => "NotificationsDlqUrl",
            Self::EmailsDeliveryDlqUrl => "EmailsDeliveryDlqUrl",
            Self::CoversFailedQueueUrl => "CoversFailedQueueUrl",
            Self::OrdersTableName => "OrdersTableName",
            Self::CustomerIndexName => "CustomerIndexName",
            Self::ClaimsTableName => "ClaimsTableName",
            Self::OrderEventsTopicArn => "OrderEventsTopicArn",
            Self::OrderEmailsTopicArn => "OrderEmailsTopicArn",
        }
    }

    /// The option that names the resource instead.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Self::OrdersQueueUrl => "--orders-queue-url",
            Self::OrdersRetryQueueUrl => "--orders-retry-queue-url",
            Self::OrdersDlqUrl => "--orders-dlq-url",
            Self::NotificationsQueueUrl => "--notifications-queue-url",
            Self::NotificationsRetryQueueUrl => "--notifications-retry-queue-url",
            Self::NotificationsDlqUrl => "--notifications-dlq-url",
            Self::EmailsDeliveryDlqUrl => "--emails-delivery-dlq-url",
            Self::CoversFailedQueueUrl => "--covers-failed-queue-url",
            Self::OrdersTableName => "--orders-table",
            Self::CustomerIndexName => "--customer-index",
            Self::ClaimsTableName => "--claims-table",
            Self::OrderEventsTopicArn => "--order-events-topic-arn",
            Self::OrderEmailsTopicArn => "--order-emails-topic-arn",
        }
    }

    /// The default on this machine. SQS on this machine takes a queue's bare name as its URL.
    pub(super) fn local_default(self) -> &'static str {
        match self {
            Self::OrdersQueueUrl | Self::OrdersTableName => "orders",
            Self::CustomerIndexName => "by_customer_keys",
            Self::ClaimsTableName => "order-claims",
            Self::OrdersRetryQueueUrl => "orders-retry",
            Self::OrdersDlqUrl => "orders-dlq",
            Self::NotificationsQueueUrl => "notifications",
            Self::NotificationsRetryQueueUrl => "notifications-retry",
            Self::NotificationsDlqUrl => "notifications-dlq",
            Self::EmailsDeliveryDlqUrl => "emails-delivery-dlq",
            Self::CoversFailedQueueUrl => "shop-covers-failed",
            Self::OrderEventsTopicArn => "arn:aws:sns:us-east-1:000000000000:order-events",
            Self::OrderEmailsTopicArn => "arn:aws:sns:us-east-1:000000000000:order-emails",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_is_an_output_of_the_template() {
        let template = include_str!("../../../template.yaml");
        let outputs = template.split("\nOutputs:\n").nth(1).unwrap();
        for resource in [
            Resource::OrdersQueueUrl,
            Resource::OrdersDlqUrl,
            Resource::NotificationsQueueUrl,
            Resource::OrdersRetryQueueUrl,
            Resource::NotificationsRetryQueueUrl,
            Resource::NotificationsDlqUrl,
            Resource::EmailsDeliveryDlqUrl,
            Resource::OrdersTableName,
            Resource::CustomerIndexName,
            Resource::ClaimsTableName,
            Resource::OrderEventsTopicArn,
            Resource::OrderEmailsTopicArn,
        ] {
            let output = format!("\n  {}:\n", resource.output());
            assert!(format!("\n{outputs}").contains(&output), "{resource:?}");
        }
        let shop = include_str!("../../../shop/template.yaml");
        let output = format!("\n  {}:\n", Resource::CoversFailedQueueUrl.output());
        assert!(shop.split("\nOutputs:\n").nth(1).unwrap().contains(&output));
    }
}
