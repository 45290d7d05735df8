//! The function's configuration, from its environment.

use std::time::Duration;

use function_runtime::{ConfigError, Environment};
use queue_consumer::retries::Retries;

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// `ORDER_EMAILS_TOPIC_ARN`: the topic whose subscribers receive the emails.
    pub order_emails_topic_arn: String,
    /// `NOTIFICATION_EMAIL`: the shop's address, whose subscription is watched. None if it is empty or not set.
    pub notification_email: Option<String>,
    /// `NOTIFICATIONS_QUEUE_URL`: the queue that batches come from.
    pub notifications_queue_url: String,
    /// `NOTIFICATIONS_DLQ_URL`: its dead-letter queue.
    pub notifications_dlq_url: String,
    /// The settings of [`Notifier`](crate::Notifier).
    pub settings: Settings,
}

/// How a batch is handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long and where failed messages are tried again.
    pub retries: Retries,
    /// `EMAILS_WANTED`: whether the shop wants emails. If not, and nobody is subscribed, orders are acknowledged without an
    /// email and without a mark.
    pub emails_wanted: bool,
    /// `DIGEST_THRESHOLD`: up to this many new orders in a batch get an email each; more share a digest.
    pub digest_threshold: usize,
    /// The time between two emails of an instance that receives from the queue, so that all instances together keep
    /// `MAX_EMAILS_PER_SECOND`. At most `NOTIFIER_CONCURRENCY` such instances run at once. A quarter of the rate is left to
    /// the retry queue.
    pub email_interval: Duration,
    /// The same of an instance that receives from the retry queue. At most `NOTIFIER_RETRY_CONCURRENCY` run at once.
    pub retry_email_interval: Duration,
}

/// The share of the emails per second that is left to the retry queue.
///
/// By default two instances then send 3 emails a second each, and two of the retry queue one. These are whole numbers, so that no
/// second has more than 8, however the instances' intervals meet.
const RETRY_SHARE: f64 = 1.0 / 4.0;

/// The times between two emails of an instance, and of an instance of the retry queue, of which so many run at once.
#[must_use]
pub fn email_intervals(
    emails_per_second: u32,
    concurrency: u32,
    retry_concurrency: u32,
) -> (Duration, Duration) {
    let interval = |instances: u32, share: f64| {
        let rate = f64::from(emails_per_second) * share;
        let exact = Duration::from_secs(instances.into()).div_f64(rate);
        // Up to a whole millisecond: three intervals of a third of a second must not be shorter than a second.
        Duration::from_millis(u64::try_from(exact.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
    };
    (
        interval(concurrency, 1.0 - RETRY_SHARE),
        interval(retry_concurrency, RETRY_SHARE),
    )
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        let concurrency = environment.positive("NOTIFIER_CONCURRENCY")?.get();
        let retry_concurrency = environment.positive("NOTIFIER_RETRY_CONCURRENCY")?.get();
        let emails_per_second = environment.positive("MAX_EMAILS_PER_SECOND")?.get();
        let (email_interval, retry_email_interval) =
            email_intervals(emails_per_second, concurrency, retry_concurrency);
        let digest_threshold = environment.positive("DIGEST_THRESHOLD")?.get();
        Ok(Self {
            orders_table: environment.required("ORDERS_TABLE")?,
            order_emails_topic_arn: environment.required("ORDER_EMAILS_TOPIC_ARN")?,
            notification_email: Some(environment.optional("NOTIFICATION_EMAIL")?)
                .filter(|address: &String| !address.is_empty()),
            notifications_queue_url: environment.required("NOTIFICATIONS_QUEUE_URL")?,
            notifications_dlq_url: environment.required("NOTIFICATIONS_DLQ_URL")?,
            settings: Settings {
                retries: Retries::read(environment)?,
                emails_wanted: match environment.required("EMAILS_WANTED")?.as_str() {
                    "true" => true,
                    "false" => false,
                    _ => return Err(ConfigError::invalid("EMAILS_WANTED", "must be true or false")),
                },
                digest_threshold: usize::try_from(digest_threshold).unwrap_or(usize::MAX),
                email_interval,
                retry_email_interval,
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
            "RETRY_QUEUE_URL" => "http://127.0.0.1:4566/123456789012/notifications-retry",
            "MAX_RETRY_SECONDS" => "86400",
            "MAX_EMAILS_PER_SECOND" => "8",
            "NOTIFIER_CONCURRENCY" | "NOTIFIER_RETRY_CONCURRENCY" => "2",
            "DIGEST_THRESHOLD" => "10",
            "EMAILS_WANTED" => "true",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn instances_share_the_rate() {
        let settings = Config::read(&Environment::new(environment)).unwrap().settings;
        // Two instances at 3 emails a second and two at 1 are 8 together.
        assert_eq!(settings.email_interval, Duration::from_millis(334));
        assert_eq!(settings.retry_email_interval, Duration::from_secs(1));
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
            "RETRY_QUEUE_URL",
            "MAX_RETRY_SECONDS",
            "NOTIFIER_RETRY_CONCURRENCY",
            "DIGEST_THRESHOLD",
            "EMAILS_WANTED",
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
