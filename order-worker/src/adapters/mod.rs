//! AWS behind the ports. Only here an SDK is named.

mod attribute_value;
mod clock;
mod dynamodb;
mod queues;
mod sns;

use std::time::Instant;

use aws_config::SdkConfig;
use queue_consumer::adapters::Sqs;

use crate::config::Config;

/// AWS and this machine's clock. `AWS_ENDPOINT_URL` is all that tells a laptop from the cloud.
#[derive(Debug, Clone)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    queues: Sqs,
    config: Config,
    /// The fixed moment that the monotonic clock counts from.
    started: Instant,
}

impl Aws {
    /// Clients that share one configuration and its connections.
    #[must_use]
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            queues: Sqs::new(
                aws_sdk_sqs::Client::new(sdk),
                &config.orders_queue_url,
                &config.orders_dlq_url,
            ),
            config: config.clone(),
            started: Instant::now(),
        }
    }
}
