//! Parts that the calls to both tables have in common.

use std::error::Error;

use aws_sdk_dynamodb::config::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use rest_function::causes;

use crate::ports::TableError;

/// A call that only gives an early answer is not repeated.
pub(super) fn one_attempt() -> aws_sdk_dynamodb::config::Builder {
    Config::builder().retry_config(RetryConfig::disabled())
}

pub(super) fn unavailable(error: &dyn Error) -> TableError {
    TableError::Unavailable(causes(error))
}
