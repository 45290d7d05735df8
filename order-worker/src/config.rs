//! The function's configuration, from its environment.

use std::time::Duration;

use function_runtime::{ConfigError, Environment};
use order_table::Retention;
use queue_consumer::retries::Retries;

const DAY: Duration = Duration::from_hours(24);

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// `CLAIMS_TABLE`: the name of the table that holds the marks of dead letters.
    pub claims_table: String,
    /// `CLAIM_RETENTION_DAYS`: how long a mark is kept.
    pub claim_retention: Duration,
    /// `ORDER_RETENTION_DAYS`: how long the row of an order is kept, for ever if it is 0 or missing.
    pub order_retention: Retention,
    /// `ORDER_EVENTS_TOPIC_ARN`: the topic of events that orders are confirmed.
    pub order_events_topic_arn: String,
    /// `ORDERS_QUEUE_URL`: the queue that batches come from.
    pub orders_queue_url: String,
    /// `ORDERS_DLQ_URL`: its dead-letter queue.
    pub orders_dlq_url: String,
    /// How long and where failed messages are tried again.
    pub retries: Retries,
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        Ok(Self {
            orders_table: table_name(environment, "ORDERS_TABLE")?,
            claims_table: table_name(environment, "CLAIMS_TABLE")?,
            claim_retention: DAY * environment.positive("CLAIM_RETENTION_DAYS")?.get(),
            order_retention: environment.optional("ORDER_RETENTION_DAYS")?,
            order_events_topic_arn: environment.required("ORDER_EVENTS_TOPIC_ARN")?,
            orders_queue_url: environment.required("ORDERS_QUEUE_URL")?,
            orders_dlq_url: environment.required("ORDERS_DLQ_URL")?,
            retries: Retries::read(environment)?,
        })
    }
}

/// The name of a table. It is quoted in a PartiQL statement. The rule is also DynamoDB's own for names.
fn table_name<L>(environment: &Environment<L>, variable: &'static str) -> Result<String, ConfigError>
where
    L: Fn(&str) -> Option<String>,
{
    let name = environment.required(variable)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if name.bytes().all(is_allowed) {
        Ok(name)
    } else {
        let reason = "must be a table's name: letters, digits, '_', '.' and '-'";
        Err(ConfigError::invalid(variable, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(&Environment::new(|asked: &str| {
            let default = match asked {
                "MAX_RETRY_SECONDS" => "86400",
                "CLAIM_RETENTION_DAYS" => "30",
                "ORDER_RETENTION_DAYS" => "365",
                _ => "orders",
            };
            Some(if asked == name { value } else { default }.to_owned())
        }))
    }

    #[test]
    fn every_variable_is_required_by_name() {
        for name in [
            "ORDERS_TABLE",
            "CLAIMS_TABLE",
            "CLAIM_RETENTION_DAYS",
            "ORDER_EVENTS_TOPIC_ARN",
            "ORDERS_QUEUE_URL",
            "ORDERS_DLQ_URL",
            "RETRY_QUEUE_URL",
            "MAX_RETRY_SECONDS",
        ] {
            assert_eq!(with(name, ""), Err(ConfigError::Missing(name)));
        }
        assert_eq!(
            with("", "").map(|config| config.retries.max_age),
            Ok(std::time::Duration::from_hours(24))
        );
    }

    #[test]
    fn orders_are_kept_for_ever_unless_the_template_says_otherwise() {
        for forever in ["", "0"] {
            let retention = with("ORDER_RETENTION_DAYS", forever).map(|config| config.order_retention);
            assert_eq!(retention, Ok(Retention::FOREVER));
        }
        assert!(matches!(
            with("ORDER_RETENTION_DAYS", "30"),
            Err(ConfigError::Invalid { .. })
        ));
    }

    #[test]
    fn unusable_values_are_refused() {
        assert!(matches!(
            with("MAX_RETRY_SECONDS", "0"),
            Err(ConfigError::Invalid { .. })
        ));
        assert!(matches!(
            with("MAX_RETRY_SECONDS", "many"),
            Err(ConfigError::Invalid { .. })
        ));
        assert!(matches!(
            with("ORDERS_TABLE", "o\" VALUE"),
            Err(ConfigError::Invalid { .. })
        ));
    }
}
