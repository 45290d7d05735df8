//! AWS behind the ports. Only here an SDK is named.

mod attribute_value;
mod dynamodb;
mod refusal;
mod sns;
mod sqs;

use std::time::Duration;

use aws_config::SdkConfig;
use time::OffsetDateTime;

use crate::config::Config;
use crate::ports::Clock;

/// AWS and this machine's clock. `AWS_ENDPOINT_URL` is all that tells a laptop from the cloud.
#[derive(Debug, Clone)]
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    config: Config,
}

impl Aws {
    /// Clients that share one configuration and its connections.
    #[must_use]
    pub fn new(sdk: &SdkConfig, config: &Config) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            sns: aws_sdk_sns::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
            config: config.clone(),
        }
    }
}

impl Clock for Aws {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
