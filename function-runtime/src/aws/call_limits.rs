//! How long the SDK waits for AWS and how often it tries.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};

/// The limits of one client's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// The longest time until a connection is there.
    pub connect: Duration,
    /// The longest time of one attempt.
    pub attempt: Duration,
    /// The longest time of a call with all its attempts.
    pub operation: Duration,
    /// The most attempts, the first included.
    pub max_attempts: u32,
    /// The SDK's wait before the second attempt; it doubles with each further one.
    pub first_backoff: Duration,
}

impl CallLimits {
    /// The SDK's configuration from the environment, within these limits.
    #[must_use]
    pub fn loader(&self) -> ConfigLoader {
        aws_config::defaults(BehaviorVersion::v2026_01_12())
            .retry_config(self.retries())
            .timeout_config(self.timeouts())
    }

    /// The same configuration within these limits.
    #[must_use]
    pub fn apply(&self, sdk: &SdkConfig) -> SdkConfig {
        sdk.to_builder()
            .retry_config(self.retries())
            .timeout_config(self.timeouts())
            .build()
    }

    fn retries(&self) -> RetryConfig {
        if self.max_attempts <= 1 {
            return RetryConfig::disabled();
        }
        RetryConfig::standard()
            .with_max_attempts(self.max_attempts)
            .with_initial_backoff(self.first_backoff)
    }

    fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }
}
