//! AWS behind the ports. Only here the crate names an SDK.

mod dynamodb;
mod marks;
mod sns;

use aws_config::SdkConfig;
use function_runtime::aws::{Connecting, HasSystemClock, SystemClock};
use queue_consumer::adapters::{HasSqs, QueueUrls, Sqs};

use crate::config::Config;

/// AWS and the machine's clock. On a laptop only `AWS_ENDPOINT_URL` is different.
#[derive(Debug, Clone)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    sqs: Sqs,
    config: Config,
    clock: SystemClock,
}

impl Aws {
    /// Clients that share one configuration and its connections.
    #[must_use]
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            sqs: Sqs::new(
                sdk,
                QueueUrls {
                    main: config.orders_queue_url.clone(),
                    retry: config.retries.queue_url.clone(),
                    dead_letter: config.orders_dlq_url.clone(),
                },
            ),
            config: config.clone(),
            clock: SystemClock::start(),
        }
    }
}

/// A connection to each service that every batch needs.
pub(crate) fn connections(sdk: &SdkConfig) -> [Connecting; 2] {
    let table = aws_sdk_dynamodb::Client::new(sdk)
        .batch_execute_statement()
        .send();
    let topic = aws_sdk_sns::Client::new(sdk).publish_batch().send();
    [Connecting::new("DynamoDB", table), Connecting::new("SNS", topic)]
}

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
