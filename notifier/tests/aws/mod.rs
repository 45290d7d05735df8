//! The real adapters in front of a server of the test.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use notifier::adapters::Aws;
use notifier::config::{Config, Settings};
use queue_consumer::retries::Retries;

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
        order_emails_topic_arn: "arn:aws:sns:us-east-1:000000000000:order-emails".to_owned(),
        notification_email: Some("shop@example.com".to_owned()),
        notifications_queue_url: "http://127.0.0.1/000000000000/notifications".to_owned(),
        notifications_dlq_url: "http://127.0.0.1/000000000000/notifications-dlq".to_owned(),
        settings: Settings {
            retries: Retries {
                queue_url: "http://127.0.0.1/000000000000/notifications-retry".to_owned(),
                max_age: Duration::from_hours(24),
            },
            emails_wanted: true,
            digest_threshold: 10,
            email_interval: Duration::from_millis(250),
            retry_email_interval: Duration::from_secs(2),
        },
    };
    Aws::new(sdk, &config)
}
