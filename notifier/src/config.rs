//! The function's configuration, from its environment.

use std::num::NonZeroU32;
use std::time::Duration;

use function_runtime::{ConfigError, Environment};

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// `ORDER_EMAILS_TOPIC_ARN`: the topic whose subscribers receive the emails.
    pub order_emails_topic_arn: String,
    /// `NOTIFICATIONS_QUEUE_URL`: the queue that batches come from.
    pub notifications_queue_url: String,
    /// `NOTIFICATIONS_DLQ_URL`: its dead-letter queue.
    pub notifications_dlq_url: String,
    /// The settings of [`Notifier`](crate::Notifier).
    pub settings: Settings,
}

/// How a batch is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// `MAX_RECEIVE_COUNT`: the `maxReceiveCount` of the queue's redrive policy.
    pub max_receive_count: NonZeroU32,
    /// `DIGEST_THRESHOLD`: up to this many new orders in a batch get an email each; more share a digest.
    pub digest_threshold: usize,
    /// The time between two emails of one instance: `NOTIFIER_CONCURRENCY` / `MAX_EMAILS_PER_SECOND` seconds, so that all
    /// instances together keep the rate.
    pub email_interval: Duration,
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        let concurrency = environment.positive("NOTIFIER_CONCURRENCY")?.get();
        let emails_per_second = environment.positive("MAX_EMAILS_PER_SECOND")?.get();
        let digest_threshold = environment.positive("DIGEST_THRESHOLD")?.get();
        Ok(Self {
            orders_table: environment.required("ORDERS_TABLE")?,
            order_emails_topic_arn: environment.required("ORDER_EMAILS_TOPIC_ARN")?,
            notifications_queue_url: environment.required("NOTIFICATIONS_QUEUE_URL")?,
            notifications_dlq_url: environment.required("NOTIFICATIONS_DLQ_URL")?,
            settings: Settings {
                max_receive_count: environment.positive("MAX_RECEIVE_COUNT")?,
                digest_threshold: usize::try_from(digest_threshold).unwrap_or(usize::MAX),
                email_interval: Duration::from_secs(concurrency.into()).div_f64(emails_per_second.into()),
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
        let config = Config::read(&Environment::new(environment)).unwrap();
        assert_eq!(config.settings.email_interval, Duration::from_millis(250));
    }

    #[test]
    fn an_error_names_the_variable() {
        let without = |missing: &'static str| {
            let lookup = move |name: &str| environment(name).filter(|_| name != missing);
            Config::read(&Environment::new(lookup)).unwrap_err()
        };
        for name in [
            "ORDERS_TABLE",
            "NOTIFICATIONS_DLQ_URL",
            "MAX_RECEIVE_COUNT",
            "DIGEST_THRESHOLD",
        ] {
            assert_eq!(without(name), ConfigError::Missing(name));
        }
        let zero = Config::read(&Environment::new(|name: &str| {
            if name == "MAX_EMAILS_PER_SECOND" {
                Some("0".to_owned())
            } else {
                environment(name)
            }
        }));
        assert!(matches!(
            zero,
            Err(ConfigError::Invalid {
                name: "MAX_EMAILS_PER_SECOND",
                ..
            })
        ));
    }
}
