//! Settings, read from the environment once.

use std::num::NonZeroU32;
use std::time::Duration;

/// All settings of the function. The environment variable of each is named beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: name of the table of orders.
    pub orders_table: String,
    /// `ORDER_EMAILS_TOPIC_ARN`: topic whose subscribers are emailed.
    pub order_emails_topic_arn: String,
    /// `NOTIFICATIONS_QUEUE_URL`: queue whose batches arrive here.
    pub notifications_queue_url: String,
    /// `NOTIFICATIONS_DLQ_URL`: queue of what can never be sent.
    pub notifications_dlq_url: String,
    /// What the handler needs of them.
    pub settings: Settings,
}

/// What governs the handling of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `MAX_RECEIVE_COUNT`: the receive with which a message's retries end.
    pub max_receive_count: NonZeroU32,
    /// `DIGEST_THRESHOLD`: up to so many new orders in a batch are told in an email each.
    pub digest_threshold: usize,
    /// Time between two emails of one instance: `NOTIFIER_CONCURRENCY` / `MAX_EMAILS_PER_SECOND` seconds, so that all
    /// instances together keep the rate.
    pub email_interval: Duration,
}

/// A variable that is missing or cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not set, or empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
    /// Not a whole number of 1 or more.
    #[error("the environment variable {0} must be a whole number of 1 or more")]
    NotANumber(&'static str),
}

impl Config {
    /// Reads the settings through `variable`, which looks up an environment variable.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = |name: &'static str| {
            variable(name)
                .filter(|value| !value.is_empty())
                .ok_or(ConfigError::Missing(name))
        };
        let number = |name: &'static str| {
            text(name)?
                .parse::<NonZeroU32>()
                .map_err(|_| ConfigError::NotANumber(name))
        };
        let interval = Duration::from_secs(number("NOTIFIER_CONCURRENCY")?.get().into())
            .div_f64(number("MAX_EMAILS_PER_SECOND")?.get().into());
        Ok(Self {
            orders_table: text("ORDERS_TABLE")?,
            order_emails_topic_arn: text("ORDER_EMAILS_TOPIC_ARN")?,
            notifications_queue_url: text("NOTIFICATIONS_QUEUE_URL")?,
            notifications_dlq_url: text("NOTIFICATIONS_DLQ_URL")?,
            settings: Settings {
                max_receive_count: number("MAX_RECEIVE_COUNT")?,
                digest_threshold: usize::try_from(number("DIGEST_THRESHOLD")?.get()).unwrap_or(usize::MAX),
                email_interval: interval,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "ORDERS_TABLE" => "orders",
            "ORDER_EMAILS_TOPIC_ARN" => "arn:aws:sns:us-east-1:123456789012:order-emails",
            "NOTIFICATIONS_QUEUE_URL" => "http://127.0.0.1:4566/123456789012/notifications",
            "NOTIFICATIONS_DLQ_URL" => "http://127.0.0.1:4566/123456789012/notifications-dlq",
            "MAX_RECEIVE_COUNT" => "12",
            "MAX_EMAILS_PER_SECOND" => "8",
            "NOTIFIER_CONCURRENCY" => "2",
            "DIGEST_THRESHOLD" => "10",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn instances_share_the_rate() {
        let config = Config::from_environment(environment).unwrap();
        assert_eq!(config.settings.email_interval, Duration::from_millis(250));
    }

    #[test]
    fn an_error_names_the_variable() {
        let without = |missing: &'static str| {
            Config::from_environment(move |name| environment(name).filter(|_| name != missing)).unwrap_err()
        };
        for name in [
            "ORDERS_TABLE",
            "NOTIFICATIONS_DLQ_URL",
            "MAX_RECEIVE_COUNT",
            "DIGEST_THRESHOLD",
        ] {
            assert_eq!(without(name), ConfigError::Missing(name));
        }
        let zero = Config::from_environment(|name| {
            if name == "MAX_EMAILS_PER_SECOND" {
                Some("0".to_owned())
            } else {
                environment(name)
            }
        });
        assert_eq!(zero, Err(ConfigError::NotANumber("MAX_EMAILS_PER_SECOND")));
    }
}
