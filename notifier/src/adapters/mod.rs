//! AWS behind the ports. Only here the crate names an SDK.

mod emails;
mod table;

use std::time::Duration;

use aws_config::SdkConfig;
use function_runtime::aws::{CallLimits, Connecting, HasSystemClock, SystemClock};
use queue_consumer::adapters::{HasSqs, QueueUrls, Sqs};
use queue_consumer::marks::Marks;

use crate::config::Config;

/// Far below the function's timeout of 30 s, so that a call that hangs fails and the function is not killed.
pub(crate) const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(1),
    operation: Duration::from_secs(2),
    max_attempts: 2,
    first_backoff: Duration::from_millis(50),
};

/// One attempt per email: a retry would exceed the rate, and would send a second email if only the response was lost.
const EMAILS: CallLimits = CallLimits {
    connect: Duration::from_secs(1),
    attempt: Duration::from_secs(3),
    operation: Duration::from_secs(3),
    max_attempts: 1,
    first_backoff: Duration::ZERO,
};

/// AWS and the machine's clock.
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    sns_without_retries: aws_sdk_sns::Client,
    sqs: Sqs,
    table: String,
    topic: String,
    /// The shop's address, if it wants emails.
    shop: Option<String>,
    clock: SystemClock,
}

impl Aws {
    /// Clients with the region, credentials and endpoint of `sdk`.
    #[must_use]
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        let calls = CALLS.apply(sdk);
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&calls),
            sns: aws_sdk_sns::Client::new(&calls),
            sns_without_retries: aws_sdk_sns::Client::new(&EMAILS.apply(sdk)),
            sqs: Sqs::new(
                &calls,
                QueueUrls {
                    main: config.notifications_queue_url.clone(),
                    retry: config.settings.retries.queue_url.clone(),
                    dead_letter: config.notifications_dlq_url.clone(),
                },
            ),
            table: config.orders_table.clone(),
            topic: config.order_emails_topic_arn.clone(),
            shop: config.notification_email.clone(),
            clock: SystemClock::start(),
        }
    }
}

/// A connection to each service that every batch needs. The timeouts of emails and of other calls are those of the same connections.
pub(crate) fn connections(sdk: &SdkConfig) -> [Connecting; 2] {
    let table = aws_sdk_dynamodb::Client::new(sdk).batch_get_item().send();
    let topic = aws_sdk_sns::Client::new(sdk).publish().send();
    [Connecting::new("DynamoDB", table), Connecting::new("SNS", topic)]
}

/// A dead letter of notifier is about an order that is stored, so that nobody asks for a mark.
impl Marks for Aws {}

impl HasSqs for Aws {
    fn sqs(&self) -> &Sqs {
        &self.sqs
    }
}

impl HasSystemClock for Aws {
    fn system_clock(&self) -> &SystemClock {
        &self.clock
    }
}
