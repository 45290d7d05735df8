//! The outside on AWS. Nothing else in this crate names an SDK's clients.

mod clock;
mod emails;
mod queues;
mod table;

use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::config::Config;
use crate::ports::CallError;

/// Clients of the services, and the names of what they work on.
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    /// Publishes emails without retries of its own: a retry would break the pace, and double an email whose response
    /// was lost.
    sns_without_retries: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    table: String,
    topic: String,
    queue_url: String,
    dlq_url: String,
    /// The fixed moment that the monotonic clock counts from.
    started: Instant,
}

impl Aws {
    /// Makes the clients, with region, credentials and endpoint of `sdk`. Time-outs are set well within the function's own
    /// of 30 s, so that a call that hangs is a failed call and not a killed function.
    #[must_use]
    pub fn new(sdk: SdkConfig, config: &Config) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(Duration::from_secs(1))
            .operation_timeout(Duration::from_secs(2))
            .build();
        let shared = sdk
            .into_builder()
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(2)
                    .with_initial_backoff(Duration::from_millis(50)),
            )
            .timeout_config(timeouts)
            .build();
        let emails = aws_sdk_sns::config::Builder::from(&shared)
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(1))
                    .operation_timeout(Duration::from_secs(3))
                    .build(),
            )
            .build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&shared),
            sns: aws_sdk_sns::Client::new(&shared),
            sns_without_retries: aws_sdk_sns::Client::from_conf(emails),
            sqs: aws_sdk_sqs::Client::new(&shared),
            table: config.orders_table.clone(),
            topic: config.order_emails_topic_arn.clone(),
            queue_url: config.notifications_queue_url.clone(),
            dlq_url: config.notifications_dlq_url.clone(),
            started: Instant::now(),
        }
    }
}

/// The error's code, or the kind of failure where the service did not answer. Messages are left out: a service may
/// quote the request in them.
fn call_error<E: ProvideErrorMetadata, R>(operation: &'static str, error: &SdkError<E, R>) -> CallError {
    let reason = match error {
        SdkError::ServiceError(context) => context.err().code().unwrap_or("unknown service error"),
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "connection error",
        SdkError::ResponseError(_) => "unreadable response",
        SdkError::ConstructionFailure(_) => "the request could not be built",
        _ => "unknown error",
    };
    CallError {
        operation,
        reason: reason.to_owned(),
    }
}
