//! Parts that the calls have in common.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use function_runtime::aws::CallLimits;
use rest_function::causes;

use crate::ports::TableError;

/// A call ends within 7 seconds of the function's 10, retries included, so that the function can answer even if AWS is slow. A
/// client waits meanwhile, so that retries begin soon.
pub const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(2),
    attempt: Duration::from_secs(3),
    operation: Duration::from_secs(7),
    max_attempts: 3,
    first_backoff: Duration::from_millis(100),
};

/// The clients of one table.
///
/// There are two because a client prepares its settings once. A call that overrides one of them prepares all of them again. Each table
/// has its own because a client keeps the endpoint of its last call, which depends on the table that the call names. In turns between two
/// tables it would resolve the endpoint each time.
#[derive(Debug, Clone)]
pub(super) struct DynamoDbClients {
    /// Repeats a call as the SDK's configuration says.
    pub(super) repeating: Client,
    /// Makes each call once. A call that only gives an early answer is not repeated.
    pub(super) one_attempt: Client,
}

impl DynamoDbClients {
    /// Clients with this configuration.
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        let config = Config::from(sdk);
        let once = config.to_builder().retry_config(RetryConfig::disabled());
        Self {
            one_attempt: Client::from_conf(once.build()),
            repeating: Client::from_conf(config),
        }
    }
}

pub(super) fn unavailable(error: &dyn Error) -> TableError {
    TableError::Unavailable(causes(error))
}
