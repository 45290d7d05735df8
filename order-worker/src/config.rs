//! What the function is told by its environment.

use std::num::NonZeroU32;

/// The function's settings, named in `template.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: the table's name.
    pub orders_table: String,
    /// `ORDER_EVENTS_TOPIC_ARN`: where confirmed orders are announced.
    pub order_events_topic_arn: String,
    /// `ORDERS_QUEUE_URL`: the queue that the batches come from.
    pub orders_queue_url: String,
    /// `ORDERS_DLQ_URL`: where what cannot succeed goes.
    pub orders_dlq_url: String,
    /// `MAX_RECEIVE_COUNT`: the queue's own redrive count.
    pub max_receive_count: NonZeroU32,
}

/// Why the environment does not make a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A variable is absent or empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable's value cannot be used.
    #[error("environment variable {name} must be {expected}")]
    Invalid {
        /// Which.
        name: &'static str,
        /// What it must be.
        expected: &'static str,
    },
}

impl Config {
    /// Reads the process's environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads variables from wherever `lookup` finds them.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = |name: &'static str| {
            lookup(name)
                .filter(|value| !value.is_empty())
                .ok_or(ConfigError::Missing(name))
        };
        let orders_table = text("ORDERS_TABLE")?;
        // The name stands in quotes in a PartiQL statement. This is also DynamoDB's own rule for names.
        let is_table = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        if !orders_table.bytes().all(is_table) {
            let expected = "a table's name: letters, digits, '_', '.' and '-'";
            return Err(ConfigError::Invalid {
                name: "ORDERS_TABLE",
                expected,
            });
        }
        let max_receive_count = text("MAX_RECEIVE_COUNT")?
            .parse()
            .map_err(|_| ConfigError::Invalid {
                name: "MAX_RECEIVE_COUNT",
                expected: "a whole number of at least 1",
            })?;
        Ok(Self {
            orders_table,
            order_events_topic_arn: text("ORDER_EVENTS_TOPIC_ARN")?,
            orders_queue_url: text("ORDERS_QUEUE_URL")?,
            orders_dlq_url: text("ORDERS_DLQ_URL")?,
            max_receive_count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::from_lookup(|asked| {
            let default = if asked == "MAX_RECEIVE_COUNT" {
                "12"
            } else {
                "orders"
            };
            Some(if asked == name { value } else { default }.to_owned())
        })
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
