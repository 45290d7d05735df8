//! What the function's environment says.

use std::env;

/// The settings of order-api, as `template.yaml` sets them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_QUEUE_URL`: the queue of accepted orders.
    pub orders_queue_url: String,
    /// `ORDERS_TABLE`: the name of the table of orders.
    pub orders_table: String,
}

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The variable is not set, or empty.
    #[error("the environment variable {0} is missing")]
    Missing(&'static str),
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| env::var(name).ok())
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let required = |name| {
            lookup(name)
                .filter(|value| !value.is_empty())
                .ok_or(ConfigError::Missing(name))
        };
        Ok(Self {
            orders_queue_url: required("ORDERS_QUEUE_URL")?,
            orders_table: required("ORDERS_TABLE")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        for missing in ["ORDERS_QUEUE_URL", "ORDERS_TABLE"] {
            for value in [None, Some(String::new())] {
                let result = Config::from_lookup(|name| {
                    if name == missing {
                        value.clone()
                    } else {
                        Some("set".to_owned())
                    }
                });
                assert_eq!(result, Err(ConfigError::Missing(missing)));
            }
        }
        assert!(Config::from_lookup(|_| Some("set".to_owned())).is_ok());
    }
}
