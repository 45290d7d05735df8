//! The function's configuration, from its environment.

use std::num::NonZeroU32;

use function_runtime::{ConfigError, Environment};

/// The function's settings. `template.yaml` sets each variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// `ORDER_EVENTS_TOPIC_ARN`: the topic of events that orders are confirmed.
    pub order_events_topic_arn: String,
    /// `ORDERS_QUEUE_URL`: the queue that batches come from.
    pub orders_queue_url: String,
    /// `ORDERS_DLQ_URL`: its dead-letter queue.
    pub orders_dlq_url: String,
    /// `MAX_RECEIVE_COUNT`: the `maxReceiveCount` of the queue's redrive policy.
    pub max_receive_count: NonZeroU32,
}

impl Config {
    /// Reads the settings.
    pub fn read<L>(environment: &Environment<L>) -> Result<Self, ConfigError>
    where
        L: Fn(&str) -> Option<String>,
    {
        let orders_table = environment.required("ORDERS_TABLE")?;
        // The name is quoted in a PartiQL statement. This is also DynamoDB's own rule for names.
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !orders_table.bytes().all(is_allowed) {
            let reason = "must be a table's name: letters, digits, '_', '.' and '-'";
            return Err(ConfigError::invalid("ORDERS_TABLE", reason));
        }
        Ok(Self {
            orders_table,
            order_events_topic_arn: environment.required("ORDER_EVENTS_TOPIC_ARN")?,
            orders_queue_url: environment.required("ORDERS_QUEUE_URL")?,
            orders_dlq_url: environment.required("ORDERS_DLQ_URL")?,
            max_receive_count: environment.positive("MAX_RECEIVE_COUNT")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(&Environment::new(|asked: &str| {
            let default = if asked == "MAX_RECEIVE_COUNT" {
                "12"
            } else {
                "orders"
            };
            Some(if asked == name { value } else { default }.to_owned())
        }))
    }

    #[test]
    fn every_variable_is_required_by_name() {
        for name in [
            "ORDERS_TABLE",
            "ORDER_EVENTS_TOPIC_ARN",
            "ORDERS_QUEUE_URL",
            "ORDERS_DLQ_URL",
            "MAX_RECEIVE_COUNT",
        ] {
            assert_eq!(with(name, ""), Err(ConfigError::Missing(name)));
        }
        assert_eq!(
            with("", "").map(|config| config.max_receive_count),
            Ok(NonZeroU32::new(12).unwrap())
        );
    }

    #[test]
    fn unusable_values_are_refused() {
        assert!(matches!(
            with("MAX_RECEIVE_COUNT", "0"),
            Err(ConfigError::Invalid { .. })
        ));
        assert!(matches!(
            with("MAX_RECEIVE_COUNT", "many"),
            Err(ConfigError::Invalid { .. })
        ));
        assert!(matches!(
            with("ORDERS_TABLE", "o\" VALUE"),
            Err(ConfigError::Invalid { .. })
        ));
    }
}
