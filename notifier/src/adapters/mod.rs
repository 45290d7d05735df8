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
use queue_consumer::adapters::Sqs;
use queue_consumer::adapters::refusal::refusal;

use crate::config::Config;
use crate::ports::CallError;

/// Clients of the services, and the names of what they work on.
pub struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    /// Publishes emails without retries of its own: a retry would break the pace, and double an email whose response
    /// was lost.
    sns_without_retries: aws_sdk_sns::Client,
    queues: Sqs,
    table: String,
    topic: String,
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
            queues: Sqs::new(
                aws_sdk_sqs::Client::new(&shared),
                &config.notifications_queue_url,
                &config.notifications_dlq_url,
            ),
            table: config.orders_table.clone(),
            topic: config.order_emails_topic_arn.clone(),
            started: Instant::now(),
        }
    }
}

fn call_error<E: ProvideErrorMetadata, R>(operation: &'static str, error: &SdkError<E, R>) -> CallError {
    CallError {
        operation,
        reason: refusal(error).code.into_owned(),
    }
}
