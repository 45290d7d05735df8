//! AWS behind the [ports](crate::ports).

mod attribute_value;
mod dynamodb;
mod sqs;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};

pub use attribute_value::attributes;
pub use dynamodb::DynamoDbOrderTable;
pub use sqs::SqsOrderQueue;

/// The SDK's configuration, shared by all clients, from the environment.
pub async fn sdk_config() -> SdkConfig {
    loader().load().await
}

/// However slow AWS is, a call ends soon enough for this function to
/// answer by itself: within 7 seconds of the function's 10, retries included. A client waits meanwhile, so that
/// retries begin soon.
fn loader() -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(7))
        .build();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(100)),
        )
        .timeout_config(timeouts)
}

/// An SDK error and its causes in one line. Never by `Debug`, which prints whole responses and with them rows.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
