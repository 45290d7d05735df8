//! The real adapters in front of a server of the test.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use order_worker::adapters::Aws;
use order_worker::config::Config;
use queue_consumer::retries::Retries;

/// The settings of retries.
pub(crate) fn retries() -> Retries {
    Retries {
        queue_url: "http://127.0.0.1/000000000000/orders-retry".to_owned(),
        max_age: Duration::from_hours(24),
    }
}

/// The SDK's configuration for the server at `endpoint`.
pub(crate) fn sdk(endpoint: String) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

/// The adapters that call it.
pub(crate) fn adapters(sdk: &SdkConfig) -> Aws {
    let config = Config {
        orders_table: "orders".to_owned(),
        claims_table: "order-claims".to_owned(),
        claim_retention: Duration::from_hours(24),
        order_retention: order_table::Retention::FOREVER,
        order_events_topic_arn: "arn:aws:sns:us-east-1:000000000000:order-events".to_owned(),
        orders_queue_url: "http://127.0.0.1/000000000000/orders".to_owned(),
        orders_dlq_url: "http://127.0.0.1/000000000000/orders-dlq".to_owned(),
        retries: retries(),
    };
    Aws::new(sdk, &config)
}
